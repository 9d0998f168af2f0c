using System.Text.Json.Nodes;
using Router.Testing;
using YamlDotNet.Serialization;

namespace Router.DeployTests;

/// <summary>The compose files as podman-compose understands them, without anything being started.</summary>
public sealed class ComposeFileTests
{
    /// <summary>The file of docs/deploy.md: what is yours wins over what is the demo's, and a secret becomes a setting.</summary>
    [Fact]
    public async Task Yours_AsInTheDocs_WinsOverTheDemo()
    {
        var docs = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs/deploy.md"), TestContext.Current.CancellationToken);
        var begin = docs.IndexOf("services:\n  api: &yours", StringComparison.Ordinal);
        var yours = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.yaml");
        await File.WriteAllTextAsync(
            yours, docs[begin..docs.IndexOf("```", begin, StringComparison.Ordinal)], TestContext.Current.CancellationToken);
        try
        {
            var would = await Up(yours, "api", "worker");
            foreach (var host in new[] { "api", "worker" })
            {
                var run = Assert.Single(would, line => line.Contains($"lead-router/{host}", StringComparison.Ordinal)
                    && line.Contains(" --name=", StringComparison.Ordinal));
                Assert.Contains("Admin__Email=you@example.com", run, StringComparison.Ordinal);
                Assert.DoesNotContain("operator@demo.test", run, StringComparison.Ordinal);
                Assert.Contains("Network__Allow= ", run, StringComparison.Ordinal);
                Assert.Contains("Smtp__Host=mail.example.com", run, StringComparison.Ordinal);
                Assert.Contains(":/run/secrets/Smtp__Password:ro", run, StringComparison.Ordinal);
                // What the demo's file says besides stays.
                Assert.Contains(":/run/secrets/RabbitMq__Uri:ro", run, StringComparison.Ordinal);
                Assert.Contains("--read-only", run, StringComparison.Ordinal);
            }
        }
        finally
        {
            File.Delete(yours);
        }
    }

    [Fact]
    public async Task Grafana_FindsItsDashboardAndPrometheus()
    {
        var run = Assert.Single(
            await Up(Path.Combine(Repository.Root, "deploy/compose.grafana.yaml"), "grafana"),
            line => line.Contains("grafana/grafana", StringComparison.Ordinal) && line.Contains(" --name=", StringComparison.Ordinal));
        var files = run.Split(' ')
            .Where(part => part.EndsWith(":ro", StringComparison.Ordinal) || part.Contains(":ro,", StringComparison.Ordinal))
            .Select(part => part.Split(':')).ToDictionary(parts => parts[1], parts => parts[0], StringComparer.Ordinal);
        Assert.Equal(3, files.Count);
        Assert.All(files.Values, file => Assert.True(File.Exists(file), $"{file} isn't there"));

        var home = Assert.Single(
            run.Split(' '), part => part.StartsWith("GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH=", StringComparison.Ordinal));
        var dashboard = home.Split('=')[1];
        Assert.NotNull(JsonNode.Parse(await File.ReadAllTextAsync(files[dashboard], TestContext.Current.CancellationToken))!["panels"]);
        var providers = Read(files["/etc/grafana/provisioning/dashboards/lead-router.yml"], "providers");
        Assert.StartsWith((string)((Dictionary<object, object>)providers["options"])["path"], dashboard, StringComparison.Ordinal);
        var source = Read(files["/etc/grafana/provisioning/datasources/lead-router.yml"], "datasources");
        Assert.Equal(("prometheus", "http://prometheus:9090"), ((string)source["type"], (string)source["url"]));
    }

    private static Dictionary<object, object> Read(string file, string list) => (Dictionary<object, object>)Assert.Single(
        new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(File.ReadAllText(file))[list] as List<object> ?? []);

    /// <summary>The commands that it would run.</summary>
    private static async Task<string[]> Up(string beside, params string[] services)
    {
        Assert.SkipUnless(await Shell.Run("sh", "-c", "command -v podman-compose") is (0, _), "podman-compose isn't there.");
        var (exitCode, output) = await Shell.Run(
            "podman-compose",
            ["--dry-run", "-f", Path.Combine(Repository.Root, "deploy/compose.yaml"), "-f", beside, "up", "-d", .. services]);
        Assert.True(exitCode == 0, output);
        return output.Split('\n');
    }
}
