using System.Text.RegularExpressions;

namespace Router.Testing;

/// <summary>A column whose comment says what it holds of people, or that it holds nothing of them.</summary>
/// <param name="Table">The table.</param>
/// <param name="Name">The column.</param>
/// <param name="Word">One of <see cref="KeptColumns.Kinds"/>.</param>
public sealed record KeptColumn(string Table, string Name, string Word);

/// <summary>What a word means.</summary>
public sealed record KeptKind(string Word, string What, string Why, string HowLong, string RemovedBy);

/// <summary>The marks <c>[data: WORD]</c> in the comments of the schema, which <c>Schema/00_data.sql</c> explains.</summary>
public static partial class KeptColumns
{
    /// <summary>The word of columns that hold nothing of a person and no secret.</summary>
    public const string Nothing = "none";

    private static readonly string Schema = Path.Combine(Root(), "src/Router.Core/Database/Schema");

    public static List<KeptKind> Kinds() =>
    [
        .. Explained().Matches(File.ReadAllText(Path.Combine(Schema, "00_data.sql"))).Select(match => (
            Word: match.Groups["word"].Value, Parts: match.Groups["text"].Value.Split('|', StringSplitOptions.TrimEntries)))
        .Where(kind => kind.Word != "WORD").Select(kind => new KeptKind(
            kind.Word, kind.Parts[0], Part(kind.Parts, 1), Part(kind.Parts, 2), Part(kind.Parts, 3))),
    ];

    /// <summary>In the order of the files.</summary>
    public static List<KeptColumn> All() =>
        [.. Directory.GetFiles(Schema, "*.sql").Order(StringComparer.Ordinal).SelectMany(file => Of(File.ReadAllLines(file)))];

    private static IEnumerable<KeptColumn> Of(string[] lines)
    {
        string? table = null;
        foreach (var line in lines)
        {
            if (Beginning().Match(line) is { Success: true } begun)
                table = begun.Groups["table"].Value;
            if (table is not null && Column().Match(line) is { Success: true } column)
                yield return new KeptColumn(table, column.Groups["name"].Value, column.Groups["word"].Value);
            if (line.Length > 0 && line[0] is not (' ' or '-') && line.TrimEnd().EndsWith(';'))
                table = null;
        }
    }

    private static string Part(string[] parts, int at) => at < parts.Length ? parts[at] : "";

    // Also for tests that know no other class of this project.
    private static string Root()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Router.sln")))
            directory = Path.GetDirectoryName(directory) ?? throw new InvalidOperationException("There is no Router.sln above the tests.");
        return directory;
    }

    [GeneratedRegex(@"^(?:create (?:unlogged )?table|alter table) (?<table>\w+)", RegexOptions.ExplicitCapture)]
    private static partial Regex Beginning();

    [GeneratedRegex(@"^    (add column )?(?<name>\w+) .*\[data: (?<word>[\w-]+)\]$", RegexOptions.ExplicitCapture)]
    private static partial Regex Column();

    [GeneratedRegex(@"^-- \[data: (?<word>[\w-]+)\] (?<text>.+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Explained();
}
