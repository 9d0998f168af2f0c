using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>What Prometheus and a collector get to know of a running router, and what they don't.</summary>
public sealed partial class MetricsTests(MeasuredRouter measured) : IClassFixture<MeasuredRouter>
{
    [Theory]
    [InlineData("""sum(lead_router_leads_accepted_total{action="created", stored_in="rabbitmq"})""", 4)]
    [InlineData("""sum(lead_router_leads_refused_total{reason="invalid"})""", 1)]
    [InlineData("""sum(lead_router_leads_refused_total{reason="credentials"})""", 1)]
    // The first lead was the first worker's.
    [InlineData("""sum(lead_router_delivery_attempts_total{outcome="delivered"})""", 3)]
    [InlineData("""sum(lead_router_delivery_attempts_total{outcome="rejected"})""", 3)]
    [InlineData("""sum(lead_router_delivery_attempts_total{outcome="failed", error_type="5xx"})""", 12)]
    [InlineData("sum(lead_router_delivery_delivered_duration_seconds_count)", 3)]
    [InlineData("sum(lead_router_delivery_in_flight)", 0)]
    [InlineData("sum(lead_router_set_aside_messages)", 1)]
    [InlineData("""sum(lead_router_lane_places{lane="lead-retries"})""", 64)]
    [InlineData("""sum(lead_router_destinations{state="paused_by_person"})""", 1)]
    [InlineData("""sum(lead_router_backlog_deliveries{state="held"})""", 4)]
    [InlineData("""lead_router_health_status{job="lead-router-worker", check="consuming"}""", 2)]
    public Task Metric_AfterWhatHappened_CountsIt(string query, double expected) =>
        Eventually.Equal((double?)expected, () => measured.Prometheus.Value(query), query);

    [Theory]
    [InlineData("""lead_router_backlog_deliveries{state="dead"} >= 3""")]
    [InlineData("""lead_router_ledger_days{state="ahead"} >= 1""")]
    [InlineData("""sum(lead_router_queue_messages{job="lead-router-api", queue="lead-dead-letters"}) >= 3""")]
    [InlineData("""sum(lead_router_troubles{kind="given_up"}) >= 1""")]
    [InlineData("""sum(lead_router_delivery_attempts_total{error_type="dns_failure"}) >= 2""")]
    [InlineData("sum(lead_router_delivery_deferred_total) >= 1")]
    [InlineData("sum(lead_router_delivery_first_attempt_duration_seconds_count) >= 9")]
    [InlineData("""sum(lead_router_commit_rows_sum{writer="outcomes"}) >= 9""")]
    [InlineData("""sum(lead_router_commit_duration_seconds_count{writer="plans"}) >= 1""")]
    public Task Metric_AfterWhatHappened_Grew(string query) =>
        Eventually.True(async () => await measured.Prometheus.Value(query) is not null, query);

    [Fact]
    public async Task Series_HaveFewLabelsAndNothingOfSitesLeadsOrSecrets()
    {
        foreach (var host in new[] { measured.ApiMetrics, measured.WorkerMetrics })
        {
            var text = await MeasuredRouter.Scrape(host);
            Assert.All(measured.Private, word => Assert.DoesNotContain(word, text, StringComparison.OrdinalIgnoreCase));
            Assert.All(
                Series(text).GroupBy(series => series.Name, StringComparer.Ordinal),
                metric => Assert.True(metric.Count() <= 64, $"{metric.Key} has {metric.Count()} series"));
        }
    }

    [Fact]
    public async Task Document_ComparedWithTheHosts_ListsTheirMetrics()
    {
        var text = (await Task.WhenAll(new[] { measured.ApiMetrics, measured.WorkerMetrics }.Select(MeasuredRouter.Scrape)))
            .Append(measured.WhileBothWereThere.First).ToList();
        var said = text.SelectMany(host => Kinds().Matches(host)).Select(match => match.Groups["name"].Value)
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        var labels = text.SelectMany(Series).Where(series => series.Name.StartsWith("lead_router_", StringComparison.Ordinal))
            .GroupBy(series => Suffix().Replace(series.Name, ""), StringComparer.Ordinal)
            .ToDictionary(
                metric => metric.Key,
                metric => string.Join(", ", metric.SelectMany(series => series.Labels).Distinct().Order(StringComparer.Ordinal)),
                StringComparer.Ordinal);

        var documented = File.ReadLines(Path.Combine(Repository.Root, "docs/metrics.md")).Select(line => Row().Match(line))
            .Where(row => row.Success)
            .ToDictionary(row => InPrometheus(row), row => row.Groups["labels"].Value.Replace("`", "", StringComparison.Ordinal)
                .Replace('.', '_').Replace("–", "", StringComparison.Ordinal), StringComparer.Ordinal);

        Assert.Equal(said, documented.Keys.Order(StringComparer.Ordinal));
        Assert.All(labels, metric => Assert.Equal((metric.Key, metric.Value), (metric.Key, documented[metric.Key])));
    }

    [Fact]
    public void FirstWorker_WhileItLooks_IsTheOnlyOneThatReports()
    {
        var (first, second) = measured.WhileBothWereThere;
        Assert.Contains($"destination_id=\"{measured.Paused.Id}\"", first, StringComparison.Ordinal);
        Assert.Contains("lead_router_backlog_deliveries{", first, StringComparison.Ordinal);
        Assert.DoesNotContain("lead_router_backlog_deliveries{", second, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PublicPort_HasNoMetrics_AndTheMetricsPortNothingElse()
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(measured.Router.Api.Url, "/metrics"));
        // As somebody would try it.
        request.Headers.Host = measured.ApiMetrics.Authority;
        using var refused = await http.SendAsync(request);
        Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
        foreach (var path in new[] { "/health/live", "/health/ready", "/", "/sign-in", $"/rest/sites/{measured.Site.Id}/leads" })
        {
            using var answer = await http.GetAsync(new Uri(measured.ApiMetrics, path));
            Assert.Equal((path, HttpStatusCode.NotFound), (path, answer.StatusCode));
        }
    }

    [Fact]
    public async Task Collector_GetsBothHostsMetrics_WithItsKey()
    {
        bool Holds(Received request, string text) => request.Path == "/v1/metrics"
            && request.Headers["api-key"] == MeasuredRouter.CollectorsKey
            && request.Body.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0;
        foreach (var text in (string[])
            ["lead_router.leads.accepted", "lead_router.delivery.attempts", "lead-router-api", "lead-router-worker"])
            await Eventually.True(() => measured.Collector.All.Any(request => Holds(request, text)), $"the collector has {text}");
    }

    [Fact]
    public async Task Scrape_WhilePostgresSaysNothing_IsAnsweredAndThatIsAnAlert()
    {
        measured.Database.Silence();
        try
        {
            await Eventually.True(
                async () => (await measured.Prometheus.Firing()).Contains("LeadRouterPostgresAway"), "the alert fires");
            Assert.Contains("lead_router_lane_places{", await MeasuredRouter.Scrape(measured.WorkerMetrics), StringComparison.Ordinal);
        }
        finally
        {
            measured.Database.Cut();
            measured.Database.Fix();
        }

        await Eventually.True(
            async () => !(await measured.Prometheus.Firing()).Contains("LeadRouterPostgresAway"), "the alert is over");
        await Eventually.True(
            async () => await measured.Prometheus.Value("""lead_router_backlog_deliveries{state="dead"}""") is not null, "it looks again");
    }

    public static TheoryData<string, string> Panels()
    {
        var dashboard = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "deploy/grafana/lead-router.json")));
        var data = new TheoryData<string, string>();
        foreach (var panel in dashboard.RootElement.GetProperty("panels").EnumerateArray()
            .Where(panel => panel.GetProperty("type").GetString() != "row"))
        {
            foreach (var target in panel.GetProperty("targets").EnumerateArray())
                data.Add(panel.GetProperty("title").GetString()!, target.GetProperty("expr").GetString()!);
        }

        return data;
    }

    /// <summary>Grafana puts in four times the interval of scraping.</summary>
    [Theory]
    [MemberData(nameof(Panels))]
    public async Task Dashboard_EachQuery_FindsSomething(string panel, string query)
    {
        Assert.SkipWhen(
            query.Contains("rabbitmq_", StringComparison.Ordinal) && measured.Router.Broker.Prometheus is null,
            "Nobody knows where this RabbitMQ's plugin for Prometheus answers.");
        await Eventually.True(
            async () => (await measured.Prometheus.Query(query.Replace("$__rate_interval", "1m", StringComparison.Ordinal))).Count > 0,
            $"{panel}: {query}");
    }

    private static IEnumerable<(string Name, IReadOnlyList<string> Labels)> Series(string text) =>
        Sample().Matches(text).Select(match => (
            match.Groups["name"].Value,
            (IReadOnlyList<string>)[.. Label().Matches(match.Groups["labels"].Value).Select(label => label.Groups["name"].Value)
                .Where(name => name != "le" && !name.StartsWith("otel_scope_", StringComparison.Ordinal))]));

    private static string InPrometheus(Match row)
    {
        var name = row.Groups["name"].Value.Replace('.', '_');
        name += row.Groups["unit"].Value switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        return row.Groups["kind"].Value == "counter" ? $"{name}_total" : name;
    }

    [GeneratedRegex(@"^# TYPE (?<name>lead_router_\w+) ", RegexOptions.Multiline)]
    private static partial Regex Kinds();

    // A histogram's buckets are all one series of the metric.
    [GeneratedRegex(@"^(?<name>\w+?)(?<!_bucket)(\{(?<labels>[^\n]*)\})? [^\n ]+$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Sample();

    [GeneratedRegex("(?<name>\\w+)=\"")]
    private static partial Regex Label();

    [GeneratedRegex("(?<=_seconds|_rows)_(sum|count)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Suffix();

    [GeneratedRegex(@"^\| `(?<name>lead_router\.[a-z_.]+)` \| (?<kind>\w+) \| `(?<unit>[^`]+)` \| (?<labels>[^|]*) \|")]
    private static partial Regex Row();
}
