using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Router.Testing;

namespace Router.DeployTests;

/// <summary>What `docker compose up` promises, with the containers that it starts.</summary>
public sealed partial class ComposeTests(ComposedRouter router) : IClassFixture<ComposedRouter>
{
    private static readonly string[] OurOwn = ["api", "worker", "receiver"];

    private static readonly string[] All = [.. OurOwn, "postgres", "rabbitmq", "prometheus", "mail"];

    [Fact]
    public async Task Up_SendsTheDemosLead_SignedToBothDestinations()
    {
        var shown = await Images.Podman("logs", router.Container("demo"));
        Assert.True((await router.State("demo")).GetProperty("ExitCode").GetInt32() == 0, shown);
        Assert.True(shown.Split('\n').Count(line => line == "signature verified") == 2, shown);
        Assert.DoesNotContain(router.Secrets["Admin__Token"], shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hosts_AnswerTheirHealthChecks()
    {
        foreach (var service in new[] { "api", "worker", "postgres", "rabbitmq" })
            await Eventually.True(() => router.IsHealthy(service), $"{service} is healthy", seconds: 180);
    }

    [Fact]
    public async Task Invitation_ArrivesAtTheMailCatcher()
    {
        await Eventually.True(() => router.IsHealthy("api"), "the API is healthy", seconds: 180);
        using var http = router.Operator();
        using var answer = await http.PostAsJsonAsync("/api/accounts", new { email = "ann@demo.test", role = "operator" });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        await Eventually.True(
            async () => (await http.GetStringAsync(new Uri(router.Mail, "/messages"))).Contains("ann@demo.test", StringComparison.Ordinal),
            "the invitation was mailed");
    }

    [Fact]
    public async Task Dashboard_IsThereForTheRoutersUser()
    {
        await Eventually.True(() => router.IsHealthy("worker"), "the worker is healthy", seconds: 180);
        using var http = router.Broker();
        using var queues = JsonDocument.Parse(await http.GetStringAsync("/api/queues"));
        Assert.Contains("lead-events", queues.RootElement.EnumerateArray().Select(queue => queue.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task Prometheus_ReadsAllThree_KnowsTheAlertsAndFillsTheDashboard()
    {
        var prometheus = new PrometheusApi(router.Prometheus);
        foreach (var job in new[] { "lead-router-api", "lead-router-worker", "rabbitmq" })
            await Eventually.Equal((double?)1, () => prometheus.Value($"up{{job=\"{job}\"}}"), $"{job} is read", seconds: 180);
        Assert.Equal(
            Alert().Matches(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "deploy/prometheus/alerts.yml")))
                .Select(alert => alert.Groups["name"].Value).Order(StringComparer.Ordinal),
            (await prometheus.Alerts()).Order(StringComparer.Ordinal));

        using var dashboard = JsonDocument.Parse(
            await File.ReadAllTextAsync(Path.Combine(Repository.Root, "deploy/grafana/lead-router.json")));
        // Of each of the three what doesn't depend on leads: other tests restart the hosts.
        foreach (var title in new[] { "Leads at risk", "Health", "Lanes: in hand, of the places", "Processor", "Ready in RabbitMQ" })
        {
            var query = dashboard.RootElement.GetProperty("panels").EnumerateArray()
                .Single(panel => panel.GetProperty("title").GetString() == title)
                .GetProperty("targets")[0].GetProperty("expr").GetString()!.Replace("$__rate_interval", "1m", StringComparison.Ordinal);
            await Eventually.True(async () => (await prometheus.Query(query)).Count > 0, $"{title}: {query}", seconds: 180);
        }
    }

    [Fact]
    public async Task Doctor_InTheWorkersContainer_FindsAllWell()
    {
        foreach (var host in new[] { "api", "worker" })
            await Eventually.True(() => router.IsHealthy(host), $"{host} is healthy", seconds: 180);
        // RabbitMQ counts consumers now and then, and another test may have killed the worker a moment ago.
        var said = "";
        await Eventually.Equal("", async () =>
        {
            (var exitCode, said) = await Images.Within(
                ["podman", "exec", router.Container("worker"), "dotnet", "cli/router.dll", "doctor", "--url", "http://api:8080"]);
            return exitCode == 0 ? "" : said;
        }, "doctor finds nothing wrong");
        foreach (var line in new[]
        {
            "ok       configuration: The settings make sense.", "ok       database: It takes rows.",
            "ok       secrets: The stored secrets can be read.", "broker: RabbitMQ at rabbitmq:5672 lets the router in.",
            "router: The API at http://api:8080 is well.",
        })
            Assert.Contains(line, said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hosts_MayDoNothingThatTheyNeedNot()
    {
        foreach (var service in OurOwn)
        {
            var status = await File.ReadAllTextAsync($"/proc/{await Pid(service)}/status");
            Assert.Equal((service, "1654"), (service, Uid().Match(status).Groups["real"].Value));
            Assert.Contains("CapEff:\t0000000000000000", status, StringComparison.Ordinal);
            Assert.Contains("CapBnd:\t0000000000000000", status, StringComparison.Ordinal);
            Assert.Contains("NoNewPrivs:\t1", status, StringComparison.Ordinal);
            var host = (await Images.Inspect(router.Container(service))).GetProperty("HostConfig");
            Assert.True(host.GetProperty("ReadonlyRootfs").GetBoolean());
        }
    }

    [Fact]
    public async Task Secrets_AreFilesOnly()
    {
        foreach (var service in (string[])[.. All, "demo", "schema"])
        {
            var all = await Images.Podman("inspect", router.Container(service));
            Assert.DoesNotContain(router.Secrets.Where(secret => !secret.Key.EndsWith(".pem", StringComparison.Ordinal)), secret =>
                all.Contains(secret.Value, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Ports_AreOnLoopbackOnly()
    {
        var published = new List<string>();
        foreach (var service in All)
        {
            var ports = (await Images.Inspect(router.Container(service))).GetProperty("HostConfig").GetProperty("PortBindings");
            published.AddRange(ports.EnumerateObject().Where(port => port.Value.ValueKind is JsonValueKind.Array)
                .SelectMany(port => port.Value.EnumerateArray())
                .Select(binding => $"{service} {binding.GetProperty("HostIp").GetString()}"));
        }

        Assert.Equal(["api 127.0.0.1", "rabbitmq 127.0.0.1", "prometheus 127.0.0.1", "mail 127.0.0.1"], published);
    }

    [Fact]
    public async Task Worker_ThatIsKilled_IsStartedAgain()
    {
        await Eventually.True(() => router.IsHealthy("worker"), "the worker is healthy", seconds: 180);
        var before = await Pid("worker");
        await Shell.Run("kill", "-KILL", before.ToString(CultureInfo.InvariantCulture));
        await Eventually.True(async () => await Pid("worker") is var now && now != 0 && now != before, "the worker runs again");
        await Eventually.True(() => router.IsHealthy("worker"), "the worker is healthy again", seconds: 180);
    }

    [Theory]
    [InlineData("api")]
    [InlineData("worker")]
    public async Task Host_ThatIsStopped_EndsByItself(string service)
    {
        await Eventually.True(() => router.IsHealthy(service), $"{service} is healthy", seconds: 180);
        await Images.Podman("stop", "--time", "80", router.Container(service));
        Assert.Equal(0, (await router.State(service)).GetProperty("ExitCode").GetInt32());
        await Images.Podman("start", router.Container(service));
    }

    private async Task<int> Pid(string service) => (await router.State(service)).GetProperty("Pid").GetInt32();

    [GeneratedRegex(@"- alert: (?<name>\w+)", RegexOptions.NonBacktracking)]
    private static partial Regex Alert();

    [GeneratedRegex(@"^Uid:\t(?<real>\d+)", RegexOptions.Multiline | RegexOptions.NonBacktracking)]
    private static partial Regex Uid();
}
