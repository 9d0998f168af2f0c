namespace Router.Architecture.Tests;

/// <summary>How the code reads on a screen.</summary>
public sealed class LineTests
{
    /// <summary>In columns. Aim for 120; this is where nobody can read on. To be lowered whenever the code allows it.</summary>
    private const int Most = 240;

    /// <summary>Longer until somebody works on them. Remove a file once it fits.</summary>
    private static readonly string[] TooLong = ["src/Router.Core/Deliveries/Advice.cs"];

    [Fact]
    public void Line_OfCode_IsNoLongerThanTheLimit()
    {
        var long_ = Files().Except(TooLong, StringComparer.Ordinal).SelectMany(Long).ToList();
        Assert.True(long_.Count == 0, string.Join('\n', long_));
    }

    [Fact]
    public void File_WithAnException_NeedsIt() => Assert.All(TooLong, file => Assert.NotEmpty(Long(file)));

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
