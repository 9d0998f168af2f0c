using Router.Cli.Showing;

namespace Router.Cli.Management;

/// <summary>The API token. Never an argument: everybody on the machine can read those in the list of processes.</summary>
internal static class RouterToken
{
    private const string Variable = "ROUTER_TOKEN";

    /// <exception cref="UsageException">There is none, or its file can't be read.</exception>
    public static string Of(Invocation run)
    {
        var token = run.Get(Globals.TokenFile) is { } file ? Read(file) : Environment.GetEnvironmentVariable(Variable)?.Trim();
        if (string.IsNullOrEmpty(token))
            throw new UsageException(
                $"There is no token: set {Variable}, or name a file that holds it with --token-file. You make one on your account's page.");
        if (token.Any(character => character is <= ' ' or > '~'))
            throw new UsageException("The token holds a blank, a line break or another sign that no token has.");
        return token;
    }

    private static string Read(FileInfo file)
    {
        try
        {
            if (!OperatingSystem.IsWindows()
                && (file.UnixFileMode & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)) is not UnixFileMode.None)
                Output.Note($"{file.Name} can be read by others on this machine: chmod 600 it.");
            return File.ReadAllText(file.FullName).Trim();
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--token-file: {unreadable.Message}");
        }
    }
}
