using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>
/// A router on servers of its own that a Prometheus watches, with the alerts of deploy/prometheus: an API, a worker that sends to
/// <c>localhost</c> through a proxy, and the place of another worker that isn't there yet. Its mail server is away.
/// </summary>
internal sealed class WatchedRouter : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("router-watched-");
    private readonly Uri _other = Metrics();
    private ForwardProxy? _proxy;

    private WatchedRouter(PrivateServers servers) => Servers = servers;

    public PrivateServers Servers { get; }

    public RouterFixture Router { get; private set; } = null!;

    public Prometheus Prometheus { get; private set; } = null!;

    /// <summary>A site whose leads arrive.</summary>
    public TestSite Site { get; private set; } = null!;

    public static async Task<WatchedRouter> Start()
    {
        var watched = new WatchedRouter(await PrivateServers.Borrow());
        try
        {
            await watched.StartAll();
            return watched;
        }
        catch
        {
            await watched.DisposeAsync();
            throw;
        }
    }

    private async Task StartAll()
    {
        var (api, worker) = (Metrics(), Metrics());
        _proxy = await ForwardProxy.Start(onlyPort: TestHost.FreePort());
        Router = await RouterFixture.StartProcesses(
            Servers, workers: 0, ("Telemetry:PrometheusPort", Port(api)), ("Telemetry:LookInterval", "00:00:00.5"),
            ("Delivery:LateAfter", "00:00:03"), ("Delivery:PauseFailures", "6"), ("Delivery:PauseAfter", "00:00:00.5"),
            ("Delivery:PauseTick", "00:00:00.2"), ("Incoming:ConfirmTimeout", "00:00:00.5"), ("Alerts:Interval", "00:00:00.6"),
            ("Smtp:Host", "127.0.0.1"), ("Smtp:Port", $"{TestHost.FreePort()}"), ("Smtp:Security", "None"),
            ("Smtp:From", "router@router.test"), ("Alerts:PagesUrl", "https://leads.router.test"),
            ("Proxy:Url", $"http://127.0.0.1:{_proxy.Port}"), ("Proxy:Hosts", "localhost"),
            ("Secrets:CertificatePath", await Certificate()), ("Network:Allow", "127.0.0.1, 127.0.0.2, localhost"));
        // What the API took before a setting was changed the worker doesn't send to.
        (Router.Settings["Telemetry:PrometheusPort"], Router.Settings["Network:Allow"]) = (Port(worker), "127.0.0.1, localhost");
        await Router.Host("Router.Worker").Ready();
        Site = await Router.CreateSite();
        await Site.PostLead();
        await Site.Delivery(Site.LeadManager, "delivered");
        (await Site.Post("""{"source": 1}""")).Dispose();
        Prometheus = await Prometheus.Start(
            [
                ("lead-router-api", api), ("lead-router-worker", worker), ("another-worker", _other),
                ("rabbitmq", new Uri(Servers.Broker.Prometheus!, "/metrics/per-object")),
            ],
            AlertRules.AtOnce());
    }

    /// <summary>An event as the API publishes it, accepted some time ago.</summary>
    public Task Publish(TestSite site, TimeSpan ago) => Router.Broker.Publish(
        Router.VirtualHost, "lead-events", JsonSerializer.Serialize(new
        {
            event_id = Guid.CreateVersion7(TimeProvider.System.GetUtcNow() - ago), site_id = site.Id, action = "created",
            lead_id = $"{Guid.NewGuid():N}", accepted_at = TimeProvider.System.GetUtcNow() - ago, product = "web",
            source_system = "Test Website", lead = new { source = "test" },
        }));

    /// <summary>Another worker, which RabbitMQ doesn't let in, and without the certificate of the secrets.</summary>
    public void StartStranger()
    {
        Router.Settings["Telemetry:PrometheusPort"] = Port(_other);
        Router.Settings["RabbitMq:Uri"] =
            new UriBuilder(Router.Settings["RabbitMq:Uri"]) { UserName = "nobody", Password = "nothing" }.Uri.AbsoluteUri;
        Router.Settings.Remove("Secrets:CertificatePath");
        Router.Host("Router.Worker");
    }

    public async Task StopProxy()
    {
        if (_proxy is { } proxy)
            await proxy.DisposeAsync();
        _proxy = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (Prometheus is not null)
            await Prometheus.DisposeAsync();
        if (Router is not null)
            await Router.DisposeAsync();
        await StopProxy();
        await Servers.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    private async Task<string> Certificate()
    {
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        var path = Path.Combine(_directory.FullName, "router.pem");
        await File.WriteAllTextAsync(path, certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem());
        return path;
    }

    private static Uri Metrics() => new($"http://127.0.0.1:{TestHost.FreePort()}/metrics");

    private static string Port(Uri metrics) => metrics.Port.ToString(CultureInfo.InvariantCulture);
}
