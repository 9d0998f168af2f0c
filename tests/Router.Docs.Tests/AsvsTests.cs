using System.Text.RegularExpressions;

namespace Router.Docs.Tests;

/// <summary>The answers to ASVS are complete, and what they point at is there.</summary>
public sealed class AsvsTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs/asvs.md"));

    private static readonly Regex NamedTests = new("`(?<test>\\w+Tests)`", RegexOptions.NonBacktracking);

    /// <summary>Levels 1 and 2 of ASVS 5.0.0: in each section the numbers of its requirements.</summary>
    private const string Required =
        """
        1.1: 1 2
        1.2: 1 2 3 4 5 6 7 8 9
        1.3: 1 2 3 4 5 6 7 8 9 10 11
        1.4: 1 2 3
        1.5: 1 2
        2.1: 1 2 3
        2.2: 1 2 3
        2.3: 1 2 3 4
        2.4: 1
        3.2: 1 2
        3.3: 1 2 3 4
        3.4: 1 2 3 4 5 6
        3.5: 1 2 3 4 5
        3.7: 1 2
        4.1: 1 2 3
        4.2: 1
        4.3: 1 2
        4.4: 1 2 3 4
        5.1: 1
        5.2: 1 2 3
        5.3: 1 2
        5.4: 1 2 3
        6.1: 1 2 3
        6.2: 1 2 3 4 5 6 7 8 9 10 11 12
        6.3: 1 2 3 4
        6.4: 1 2 3 4
        6.5: 1 2 3 4 5
        6.6: 1 2 3
        6.8: 1 2 3 4
        7.1: 1 2 3
        7.2: 1 2 3 4
        7.3: 1 2
        7.4: 1 2 3 4 5
        7.5: 1 2
        7.6: 1 2
        8.1: 1 2
        8.2: 1 2 3
        8.3: 1
        8.4: 1
        9.1: 1 2 3
        9.2: 1 2 3 4
        10.1: 1 2
        10.2: 1 2
        10.3: 1 2 3 4
        10.4: 1 2 3 4 5 6 7 8 9 10 11
        10.5: 1 2 3 4 5
        10.6: 1 2
        10.7: 1 2 3
        11.1: 1 2
        11.2: 1 2 3
        11.3: 1 2 3
        11.4: 1 2 3 4
        11.5: 1
        11.6: 1
        12.1: 1 2 3
        12.2: 1 2
        12.3: 1 2 3 4
        13.1: 1
        13.2: 1 2 3 4 5
        13.3: 1 2
        13.4: 1 2 3 4 5
        14.1: 1 2
        14.2: 1 2 3 4
        14.3: 1 2 3
        15.1: 1 2 3
        15.2: 1 2 3
        15.3: 1 2 3 4 5 6 7
        16.1: 1
        16.2: 1 2 3 4 5
        16.3: 1 2 3 4
        16.4: 1 2 3
        16.5: 1 2 3
        17.1: 1
        17.2: 1 2 3 4
        17.3: 1 2
        """;

    [Fact]
    public void Requirements_OfLevelsOneAndTwo_AreAnsweredOnceEach()
    {
        var expected = Required.Split('\n').Select(line => line.Split(": ")).SelectMany(line =>
            line[1].Split(' ').Select(number => $"{line[0]}.{number}")).ToList();
        var answered = Rows().SelectMany(row => row.Items).ToList();
        Assert.Equal(253, expected.Count);
        Assert.Equal(expected.Order(StringComparer.Ordinal), answered.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Answers_AreYesNoOrThatItDoesNotApply_WithSomethingBehindThem()
    {
        Assert.All(Rows(), row => Assert.Contains(row.Answer, new[] { "yes", "no", "–" }));
        Assert.All(Rows(), row => Assert.NotEqual("", row.Where));
    }

    [Theory]
    [InlineData("docs/asvs.md")]
    [InlineData("docs/security.md")]
    public void Tests_ThatAreNamed_AreThere(string page)
    {
        var tests = Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests"), "*Tests.cs", SearchOption.AllDirectories)
            .Select(Path.GetFileNameWithoutExtension).ToHashSet(StringComparer.Ordinal);
        var named = NamedTests.Matches(File.ReadAllText(Path.Combine(Repository.Root, page)))
            .Select(match => match.Groups["test"].Value).ToList();
        Assert.NotEmpty(named);
        Assert.Empty(named.Where(name => !tests.Contains(name)).Distinct(StringComparer.Ordinal));
    }

    private static IEnumerable<(string[] Items, string Answer, string Where)> Rows() =>
        from line in Page.Split('\n')
        where line.StartsWith("| ", StringComparison.Ordinal) && char.IsAsciiDigit(line[2])
        let cells = line.Split('|')
        select (cells[1].Split(',', StringSplitOptions.TrimEntries), cells[3].Trim(), cells[4].Trim());
}
