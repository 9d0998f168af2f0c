namespace Router.Cli.Configuration;

/// <summary>Where a secret is: the files themselves hold none.</summary>
/// <param name="Place">Where it is named.</param>
/// <param name="Variable">A variable of the environment,</param>
/// <param name="File">or a file, from the directory of the file that names it.</param>
internal sealed record SecretReference(Place Place, string? Variable, string? File)
{
    /// <summary>The secret; null where there is none.</summary>
    public string? Read()
    {
        if (Variable is not null)
            return Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } value ? value : null;

        try
        {
            return System.IO.File.ReadAllText(File!).TrimEnd('\r', '\n') is { Length: > 0 } text ? text : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Names it, never what is in it.</summary>
    public override string ToString() => Variable is not null ? $"the variable {Variable}" : $"the file {File}";
}
