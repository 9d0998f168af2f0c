namespace Router.Cli;

/// <summary>What the program ends with.</summary>
internal static class ExitCode
{
    /// <summary>All went well.</summary>
    public const int Fine = 0;

    /// <summary>It was tried and didn't work: the router refused it, a test failed, doctor found something.</summary>
    public const int Failed = 1;

    /// <summary>The command line, a file or a setting is wrong; nothing was done.</summary>
    public const int Usage = 2;

    /// <summary><c>apply --dry-run</c>: there are changes to make.</summary>
    public const int Changes = 3;

    /// <summary>The router can't be reached.</summary>
    public const int Unreachable = 4;

    /// <summary>The token isn't known, or may not do this.</summary>
    public const int NotAllowed = 5;

    /// <summary>Ended by Ctrl+C or a signal, as shells count it.</summary>
    public const int Interrupted = 130;
}
