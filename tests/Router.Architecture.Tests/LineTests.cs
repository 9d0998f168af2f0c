namespace Router.Architecture.Tests;

/// <summary>How the code reads on a screen.</summary>
public sealed class LineTests
{
    /// <summary>In columns.</summary>
    private const int Most = 140;

    [Fact]
    public void Line_OfCode_IsNoLongerThanTheLimit()
    {
        var long_ = Files().SelectMany(Long).ToList();
        Assert.True(long_.Count == 0, string.Join('\n', long_));
    }

    [Fact]
    public void Namespace_IsAllOfAFiles() => Assert.Empty(
        from file in Files()
        from line in File.ReadLines(Path.Combine(Parts.Repository, file))
        where line.StartsWith("namespace ", StringComparison.Ordinal) && !line.TrimEnd().EndsWith(';')
        select file);

    private static IEnumerable<string> Files() =>
        from folder in new[] { "src", "tests" }
        from file in Directory.EnumerateFiles(Path.Combine(Parts.Repository, folder), "*.cs", SearchOption.AllDirectories)
        let path = Path.GetRelativePath(Parts.Repository, file).Replace('\\', '/')
        where !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal)
        select path;

    private static IEnumerable<string> Long(string file) =>
        File.ReadLines(Path.Combine(Parts.Repository, file)).Select((line, i) => (line.Length, Number: i + 1))
            .Where(line => line.Length > Most).Select(line => $"{file}:{line.Number} has {line.Length} columns");
}
