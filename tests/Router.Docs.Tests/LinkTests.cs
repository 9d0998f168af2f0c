using System.Text.RegularExpressions;

namespace Router.Docs.Tests;

/// <summary>Links of the documents lead somewhere, and the files that they name are there.</summary>
public sealed partial class LinkTests
{
    private static readonly string[] Documents = [
        .. Directory.EnumerateFiles(Repository.Root, "*.md").Concat(Repository.Files("docs", "*.md"))];

    [Fact]
    public void Links_BetweenDocumentsAndToFiles_LeadSomewhere()
    {
        var broken = new List<string>();
        foreach (var document in Documents)
        {
            foreach (var link in Link().Matches(Fences().Replace(File.ReadAllText(document), ""))
                .Select(match => match.Groups["target"].Value))
            {
                var (path, anchor) = link.Split('#', 2) is [var before, var after] ? (before, after) : (link, null);
                var target = path.Length == 0 ? document : Path.GetFullPath(path, Path.GetDirectoryName(document)!);
                if (!File.Exists(target) && !Directory.Exists(target))
                    broken.Add($"{Path.GetFileName(document)}: {link}");
                else if (anchor is not null && !Anchors(target).Contains(anchor))
                    broken.Add($"{Path.GetFileName(document)}: {link} (no such heading)");
            }
        }

        Assert.Empty(broken);
    }

    /// <summary>A file that is named without a path may move, but not vanish.</summary>
    [Fact]
    public void SourceFiles_NamedInDocuments_AreThere()
    {
        var there = new[] { "src", "tests", "deploy" }.SelectMany(folder => Repository.Files(folder, "*")).Select(Path.GetFileName)
            .ToHashSet(StringComparer.Ordinal);
        Assert.Empty(from document in Documents
                     from named in SourceFile().Matches(File.ReadAllText(document)).Select(match => match.Groups["name"].Value)
                     where !there.Contains(named)
                     select $"{Path.GetFileName(document)}: {named}");
    }

    /// <summary>As GitHub makes them from headings.</summary>
    private static HashSet<string> Anchors(string document) =>
        [.. Heading().Matches(Fences().Replace(File.ReadAllText(document), ""))
            .Select(match => NoAnchor().Replace(match.Groups["text"].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'))];

    [GeneratedRegex(@"\]\((?<target>(?!https?:|mailto:)[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fences();

    [GeneratedRegex("^#+ (?<text>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NoAnchor();

    [GeneratedRegex(@"`(?:[\w./]+/)?(?<name>\w+\.(?:cs|cshtml|cshtml\.cs|sql|sh|css))`")]
    private static partial Regex SourceFile();
}
