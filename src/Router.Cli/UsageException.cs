namespace Router.Cli;

/// <summary>What somebody gave can't be used; the message says so to them.</summary>
internal sealed class UsageException(string message) : Exception(message);
