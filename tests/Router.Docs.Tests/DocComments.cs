using System.Net;
using System.Text.RegularExpressions;

namespace Router.Docs.Tests;

/// <summary>The doc comments of the options classes, from their source files, as Markdown.</summary>
internal sealed partial class DocComments
{
    private readonly Dictionary<string, string> _summaries = new(StringComparer.Ordinal);

    public DocComments()
    {
        foreach (var file in Repository.Files("src", "*Options.cs"))
        {
            var source = File.ReadAllText(file);
            var type = Commented().Matches(source).Single(match => match.Groups["class"].Success);
            _summaries[type.Groups["class"].Value] = Markdown(type.Groups["comment"].Value);
            foreach (var property in Commented().Matches(source).Where(match => match.Groups["property"].Success))
                _summaries[$"{type.Groups["class"].Value}.{property.Groups["property"].Value}"] = Markdown(
                    property.Groups["comment"].Value);
        }
    }

    /// <summary>Of a class, or of a property as <c>Class.Property</c>; empty when it has none.</summary>
    public string Of(string name) => _summaries.GetValueOrDefault(name, "");

    private static string Markdown(string comment)
    {
        var text = Blanks().Replace(Summary().Match(Slashes().Replace(comment, " ")).Groups["text"].Value, " ").Trim();
        return WebUtility.HtmlDecode(
            See().Replace(Code().Replace(text, "`${code}`"), match => $"`{match.Groups["name"].Value.Split('.')[^1]}`"));
    }

    [GeneratedRegex(
        @"(?<comment>(?:^[ \t]*///.*\n)+)(?:^[ \t]*\[.*\]\s*\n)*^[ \t]*"
        + @"(?:(?:public|internal) (?:static )?sealed (?:partial )?(?:class|record) (?<class>\w+Options)\b"
        + @"|public [^(=;]+ (?<property>\w+) \{ get; (?:set|init); \})",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Commented();

    [GeneratedRegex("<summary>(?<text>.*?)</summary>", RegexOptions.Singleline)]
    private static partial Regex Summary();

    [GeneratedRegex(@"^\s*///", RegexOptions.Multiline)]
    private static partial Regex Slashes();

    [GeneratedRegex("<c>(?<code>.*?)</c>", RegexOptions.Singleline)]
    private static partial Regex Code();

    [GeneratedRegex("<see cref=\"(?<name>[^\"]+)\"\\s*/>")]
    private static partial Regex See();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
