using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;

namespace Router.Docs.Tests;

/// <summary>A section of the configuration: the options classes that are bound to it.</summary>
internal sealed record Section(string Name, IReadOnlyList<SectionPart> Parts)
{
    public IEnumerable<Setting> Settings => Parts.SelectMany(part => part.Settings);
}

/// <summary>One table: of the classes that say no title, or of those with the same one.</summary>
internal sealed record SectionPart(string Title, string Summary, IReadOnlyList<Setting> Settings);

/// <summary>docs/configuration.md: a part written by hand, and behind the marker a table for each section or part of one.</summary>
internal static partial class ConfigurationPage
{
    public const string Marker = "<!-- From here on generated from the options classes: change their doc comments, "
        + "then APPROVE=1 dotnet test tests/Router.Docs.Tests -->";

    public static string Path { get; } = System.IO.Path.Combine(Repository.Root, "docs/configuration.md");

    /// <summary>Every options class of the product, by its section.</summary>
    public static List<Section> Sections()
    {
        var comments = new DocComments();
        return [.. Classes()
            .Select(type => (Type: type, Summary: SectionOf().Match(comments.Of(type.Name))))
            .GroupBy(one => one.Summary.Success ? one.Summary.Groups["name"].Value
                : $"{one.Type.Name} names no section: its doc comment begins with 'Section <c>Name</c>'", StringComparer.Ordinal)
            .OrderBy(section => section.Key, StringComparer.Ordinal)
            .Select(section => new Section(section.Key, [.. section
                .GroupBy(one => one.Summary.Groups["title"].Value, StringComparer.Ordinal)
                .OrderBy(part => part.Key.Length > 0)
                .Select(part => new SectionPart(
                    Sentence(part.Key),
                    string.Join(' ', part.Select(one => Sentence(one.Summary.Groups["text"].Value)).Where(text => text.Length > 0)),
                    [.. part.SelectMany(one => Settings(one.Type, comments))]))]))];
    }

    public static string Generated()
    {
        var page = new StringBuilder();
        foreach (var section in Sections())
        {
            page.Append("\n## ").Append(section.Name).Append('\n');
            foreach (var part in section.Parts)
            {
                page.Append('\n');
                if (part.Title.Length > 0)
                    page.Append("### ").Append(part.Title).Append("\n\n");
                if (part.Summary.Length > 0)
                    page.Append(part.Summary).Append("\n\n");
                page.Append("| Setting | Type | Default | Allowed | What it is |\n|---|---|---|---|---|\n");
                foreach (var setting in part.Settings)
                    page.Append(Row($"`{section.Name}:{setting.Name}`", setting.Type, setting.Default, setting.Allowed, setting.Summary));
            }
        }

        return page.ToString();
    }

    private static string Row(params string[] cells) =>
        $"| {string.Join(" | ", cells.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal)))} |\n";

    private static IEnumerable<Setting> Settings(Type type, DocComments comments)
    {
        var options = Activator.CreateInstance(type)!;
        return type.GetProperties().Where(property => property.SetMethod is { IsPublic: true })
            .Select(property => new Setting(property, options, comments.Of($"{type.Name}.{property.Name}")));
    }

    /// <summary>The larger classes first; one that several hosts compile counts once.</summary>
    private static IEnumerable<Type> Classes() =>
        Directory.EnumerateFiles(AppContext.BaseDirectory, "Router.*.dll")
            .Where(path => !path.EndsWith("Tests.dll", StringComparison.Ordinal))
            .SelectMany(path => Assembly.LoadFrom(path).GetTypes())
            .Where(type => type.IsClass && !type.IsNested && type.Name.EndsWith("Options", StringComparison.Ordinal)
                && type.Namespace?.StartsWith("Router", StringComparison.Ordinal) is true)
            .DistinctBy(type => type.FullName).OrderByDescending(type => type.GetProperties().Length)
                .ThenBy(type => type.Name, StringComparer.Ordinal);

    private static string Sentence(string text) => text.Length == 0 ? "" : char.ToUpperInvariant(text[0]) + text[1..];

    [GeneratedRegex(@"^Section `(?<name>\w+)`(?:, (?<title>[^:.]+))?(?::\s*(?<text>.*)|\.)$", RegexOptions.Singleline)]
    private static partial Regex SectionOf();
}
