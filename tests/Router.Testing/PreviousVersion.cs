namespace Router.Testing;

/// <summary>The version before this one, as <c>tests/upgrade.sh build</c> leaves it.</summary>
public static class PreviousVersion
{
    private static readonly string Commit = File.ReadAllText(Path.Combine(Repository.Root, "deploy/previous-version")).Trim();

    private static readonly string Directory = Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"), "lead-router/previous", Commit);

    /// <summary>Ends the test where it isn't there.</summary>
    public static void SkipUnlessBuilt() => Assert.SkipUnless(
        System.IO.Directory.Exists(Directory),
        $"The version before, {Commit}, isn't built. tests/upgrade.sh build does it, where the history has it.");

    public static string Host(string name) => Path.Combine(Directory, name, $"{name}.dll");
}
