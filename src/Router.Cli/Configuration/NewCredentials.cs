namespace Router.Cli.Configuration;

/// <summary>Where passwords and links go that the router makes and shows only once: a file that nobody else can read.</summary>
internal sealed class NewCredentials(FileInfo? file)
{
    private readonly Lock _turn = new();

    public bool CanBeKept => file is not null;

    /// <summary>Adds a line, at once: what is shown only once must not be lost with the program.</summary>
    public void Keep(string line)
    {
        lock (_turn)
        {
            var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using var text = new StreamWriter(file!.FullName, options);
            text.WriteLine(line);
        }
    }
}
