using System.Globalization;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>
/// A router that a Prometheus scrapes, with the alerts of deploy/prometheus, and that sends its metrics to a collector, too. When the tests
/// begin, a first worker has left and a second one was sent four leads.
/// </summary>
public sealed class MeasuredRouter(TestServers servers) : IAsyncLifetime
{
    public const string CollectorsKey = "a-key-of-the-collector";

    private TcpProxy? _database;

    public RouterFixture Router { get; private set; } = null!;

    public Prometheus Prometheus { get; private set; } = null!;

    public Receiver Collector { get; private set; } = null!;

    /// <summary>The way to Postgres.</summary>
    public TcpProxy Database => _database!;

    public TestSite Site { get; private set; } = null!;

    /// <summary>All ids, names and secrets that no metric may have.</summary>
    public IReadOnlyList<string> Private { get; private set; } = [];

    public Uri ApiMetrics { get; } = Metrics();

    public Uri WorkerMetrics { get; } = Metrics();

    /// <summary>What the first worker said while both were there, and the other one.</summary>
    public (string First, string Second) WhileBothWereThere { get; private set; }

    /// <summary>A destination where all that came waits.</summary>
    public TestDestination Paused { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var database = await servers.CreateDatabase();
        _database = new TcpProxy(servers.Database);
        Collector = await Receiver.Start();
        Router = await RouterFixture.StartProcesses(
            servers, workers: 0, ("Database:ConnectionString", _database.Url(database)),
            ("Telemetry:PrometheusPort", Port(ApiMetrics)), ("Telemetry:LookInterval", "00:00:00.5"),
            ("Telemetry:OtlpEndpoint", Collector.Url.AbsoluteUri), ("Telemetry:OtlpInterval", "00:00:01"),
            ("Telemetry:OtlpHeaders", $"api-key={CollectorsKey}"), ("Delivery:BreakerThroughput", "2"), ("Alerts:Interval", "00:00:01"));
        Site = await Router.CreateSite();
        await LetAnotherWorkerTakeOver();
        await Send();
        Prometheus = await Prometheus.Start(
            [("lead-router-api", ApiMetrics), ("lead-router-worker", WorkerMetrics), .. OfRabbitMq(servers.Broker)],
            AlertRules.AtOnce());
    }

    public async ValueTask DisposeAsync()
    {
        if (Prometheus is not null)
            await Prometheus.DisposeAsync();
        if (Router is not null)
            await Router.DisposeAsync();
        if (_database is not null)
            await _database.DisposeAsync();
        if (Collector is not null)
            await Collector.DisposeAsync();
    }

    /// <summary>What a host answers to Prometheus.</summary>
    public static async Task<string> Scrape(Uri metrics)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        return await http.GetStringAsync(metrics);
    }

    private async Task LetAnotherWorkerTakeOver()
    {
        Paused = await Site.AddDestination("paused");
        await Site.Patch(Paused, new { paused = true });
        var metrics = Metrics();
        (Router.Settings["Telemetry:PrometheusPort"], Router.Settings["Telemetry:TopDestinations"]) = (Port(metrics), "3");
        var first = await Router.Host("Router.Worker").Ready();
        await Site.PostLead();
        await Site.Delivery(Site.LeadManager, "delivered");
        await Site.Delivery(Paused, "held");
        var text = await Eventually.Get(
            () => Scrape(metrics), said => said.Contains("lead_router_destination_backlog{", StringComparison.Ordinal), "it looked");

        (Router.Settings["Telemetry:PrometheusPort"], Router.Settings["Telemetry:TopDestinations"]) = (Port(WorkerMetrics), "0");
        await Router.Host("Router.Worker").Ready();
        WhileBothWereThere = (text, await Scrape(WorkerMetrics));
        Assert.Equal(0, await first.Stop());
    }

    /// <summary>Leads that arrive, that are refused, that fail; and requests that are no leads.</summary>
    private async Task Send()
    {
        var failing = await Site.AddDestination("failing");
        Router.Receiver.Answer(failing.Path, 500);
        var picky = await Site.AddDestination("picky");
        Router.Receiver.Answer(picky.Path, 406);
        var nowhere = await Site.AddDestination("nowhere", url: "https://no-such-host.invalid/leads");
        var leads = new List<string>();
        for (var i = 0; i < 3; i++)
            leads.Add(await Site.PostLead());
        (await Site.Post("""{"source": 1}""")).Dispose();
        (await Site.Send(
            HttpMethod.Post, "/leads", "{}", change: request => request.Headers.Authorization = new("Basic", "bm9ib2R5OmE="))).Dispose();
        await Router.Broker.Publish(Router.VirtualHost, "lead-events", "{");
        await Eventually.Equal(
            3, async () => await Router.Query<int>(
                "select count(*)::int from deliveries where destination_id = @Id and state = 'dead'", new { failing.Id }),
            "all are given up");
        await Eventually.Equal(1, () => Router.Query<int>("select count(*)::int from set_aside"), "it is set aside");
        Private =
        [
            .. leads, $"{Site.Id:D}", $"{Site.Id:N}", .. new[] { Site.LeadManager, failing, picky, nowhere, Paused }.SelectMany(
                destination => new[] { $"{destination.Id:D}", destination.Secret, destination.PartnerId, destination.Path }),
            "mail.test", "site.test", "no-such-host", "partner ", $":{Router.Receiver.Url.Port}", CollectorsKey, RouterFixture.AdminToken,
            Router.VirtualHost, .. new Uri(Router.Settings["Database:ConnectionString"]).UserInfo.Split(':')[1..],
        ];
    }

    private static Uri Metrics() => new($"http://127.0.0.1:{TestHost.FreePort()}/metrics");

    private static string Port(Uri metrics) => metrics.Port.ToString(CultureInfo.InvariantCulture);

    private static (string, Uri)[] OfRabbitMq(Broker broker) =>
        broker.Prometheus is { } url ? [("rabbitmq", new Uri(url, "/metrics/per-object"))] : [];
}
