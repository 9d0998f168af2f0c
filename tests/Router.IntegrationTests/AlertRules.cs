using System.Text.RegularExpressions;
using Router.Testing;
using YamlDotNet.Serialization;

namespace Router.IntegrationTests;

/// <summary>One alert of deploy/prometheus/alerts.yml.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Night">The words by which its line of the night table is found.</param>
/// <param name="Summary">What people are told.</param>
/// <param name="Severity">critical or warning.</param>
internal sealed record AlertRule(string Name, string Night, string Summary, string Severity);

/// <summary>The alerts that come with the router.</summary>
internal static partial class AlertRules
{
    public static string Directory { get; } = System.IO.Path.Combine(Repository.Root, "deploy/prometheus");

    public static string Path { get; } = System.IO.Path.Combine(Directory, "alerts.yml");

    public static string Tests { get; } = System.IO.Path.Combine(Directory, "alerts.test.yml");

    public static IReadOnlyList<AlertRule> All() =>
        [.. new DeserializerBuilder().IgnoreUnmatchedProperties().Build().Deserialize<File>(System.IO.File.ReadAllText(Path)).groups
            .SelectMany(group => group.rules)
            .Select(rule => new AlertRule(
                rule.alert, rule.annotations["night"], rule.annotations["summary"], rule.labels["severity"]))];

    /// <summary>The file as it is, but that nothing has to be so for some time first. Promtool has tested that.</summary>
    public static string AtOnce() => For().Replace(System.IO.File.ReadAllText(Path), "");

    [GeneratedRegex(@"^ +for: .*\n", RegexOptions.Multiline | RegexOptions.NonBacktracking)]
    private static partial Regex For();

    // As they are called in the file.
#pragma warning disable IDE1006, CA1812
    private sealed class File
    {
        public List<Group> groups { get; set; } = [];
    }

    private sealed class Group
    {
        public List<Rule> rules { get; set; } = [];
    }

    private sealed class Rule
    {
        public string alert { get; set; } = "";

        public Dictionary<string, string> labels { get; set; } = [];

        public Dictionary<string, string> annotations { get; set; } = [];
    }
#pragma warning restore IDE1006, CA1812
}
