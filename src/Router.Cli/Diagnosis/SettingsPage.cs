using System.Text.RegularExpressions;

namespace Router.Cli.Diagnosis;

/// <summary>docs/configuration.md, which has every setting of every host.</summary>
internal static partial class SettingsPage
{
    public const string Where = "docs/configuration.md has all settings.";

    /// <summary>The names of all settings: <c>Http:MaxConnections</c>.</summary>
    public static HashSet<string> Names()
    {
        using var page = typeof(SettingsPage).Assembly.GetManifestResourceStream("configuration.md")!;
        using var text = new StreamReader(page);
        return Setting().Matches(text.ReadToEnd()).Select(match => match.Groups["name"].Value).ToHashSet(StringComparer.OrdinalIgnoreCase);
    }

    [GeneratedRegex(@"^\| `(?<name>[A-Z][A-Za-z]+:[A-Z][A-Za-z]+)` \|", RegexOptions.Multiline | RegexOptions.NonBacktracking)]
    private static partial Regex Setting();
}
