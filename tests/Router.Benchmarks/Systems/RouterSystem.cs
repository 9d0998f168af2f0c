using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Router.Benchmarks.Driving;
using Router.Benchmarks.Measuring;

namespace Router.Benchmarks.Systems;

/// <summary>
/// The router as it is shipped, with its own defaults but for what a scenario sets, on a database and a virtual host of its own.
/// </summary>
internal sealed class RouterSystem : Target
{
    /// <summary>Whatever its value, each host gets a free one.</summary>
    public const string PrometheusPort = "Telemetry:PrometheusPort";

    private const string AdminToken = "an-admin-token-for-benchmarks-only";

    private readonly Lab _lab;
    private readonly Dictionary<string, string> _settings;
    private readonly HttpClient _admin;
    private readonly List<Sender> _senders = [];
    private readonly List<Child> _workers = [];
    private readonly List<Uri> _scraped = [];
    private Child _api = null!;

    private RouterSystem(Lab lab, string database, string amqp, IEnumerable<(string Key, string Value)> settings)
    {
        _lab = lab;
        Database = database;
        _settings = new(StringComparer.Ordinal)
        {
            ["Database:ConnectionString"] = database,
            ["Secrets:WithoutCertificate"] = "true",
            ["RabbitMq:Uri"] = amqp,
            ["Admin:Token"] = AdminToken,
            ["Network:Allow"] = "127.0.0.0/8, localhost",
            // One product sends for all sites here.
            ["Incoming:RatePerSecond"] = "1000000",
            ["Incoming:Burst"] = "1000000",
        };
        foreach (var (key, value) in settings)
            _settings[key] = value;
        _admin = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{Port}") };
        _admin.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", AdminToken);
    }

    public override string Name => "router";

    public override int Port { get; } = Lab.FreePort();

    public override IReadOnlyList<Sender> Senders => _senders;

    public override IReadOnlyList<MeasuredProcess> Processes =>
        [new("api", _api.Id), .. _workers.Select(worker => new MeasuredProcess("worker", worker.Id))];

    public string Database { get; }

    /// <summary>Where its hosts' metrics are; none without <see cref="PrometheusPort"/>.</summary>
    public IReadOnlyList<Uri> Scraped => _scraped;

    /// <summary>With so many sites of three destinations each, warmed up.</summary>
    public static async Task<RouterSystem> Start(
        Lab lab, int sites, CancellationToken cancellationToken, params (string Key, string Value)[] settings)
    {
        var router = new RouterSystem(lab, await lab.CreateDatabase(), await lab.Broker.CreateVirtualHost(), settings);
        try
        {
            await router.StartApi(cancellationToken);
            await router.StartWorkers(1, cancellationToken);
            await router.CreateSites(sites, cancellationToken);
            await lab.WarmUp(router, cancellationToken);
            return router;
        }
        catch
        {
            await router.DisposeAsync();
            throw;
        }
    }

    public async Task StartWorkers(int count, CancellationToken cancellationToken)
    {
        for (var i = 0; i < count; i++)
            _workers.Add(await Host("Router.Worker", Lab.FreePort(), cancellationToken));
    }

    public async Task StopWorkers()
    {
        foreach (var worker in _workers)
            await worker.DisposeAsync();
        _workers.Clear();
    }

    /// <summary>The ids of the destinations at that port.</summary>
    public async Task<IReadOnlyList<(string Site, string Destination)>> DestinationsAt(Uri url, CancellationToken cancellationToken)
    {
        var found = new List<(string, string)>();
        foreach (var site in _senders.Select(sender => sender.Path.Split('/')[3]))
        {
            var list = await _admin.GetFromJsonAsync<JsonElement>($"/api/sites/{site}/destinations", cancellationToken);
            found.AddRange(list.GetProperty("items").EnumerateArray()
                .Where(destination => new Uri(destination.GetProperty("url").GetString()!).Port == url.Port)
                .Select(destination => (site, destination.GetProperty("id").GetString()!)));
        }

        return found;
    }

    public async Task Pause(IEnumerable<(string Site, string Destination)> destinations, bool paused, CancellationToken cancellationToken)
    {
        foreach (var (site, destination) in destinations)
            (await _admin.PatchAsJsonAsync($"/api/sites/{site}/destinations/{destination}", new { paused }, cancellationToken))
                .EnsureSuccessStatusCode();
    }

    public override async ValueTask DisposeAsync()
    {
        _admin.Dispose();
        if (_api is not null)
            await _api.DisposeAsync();
        await StopWorkers();
    }

    /// <summary>One more site, not sent for by the others' senders: its Lead Manager is well, the others are all there.</summary>
    public async Task<Sender> AddSite(int destinations, Uri url, CancellationToken cancellationToken)
    {
        var site = Guid.NewGuid();
        await CreateSite(site, "Another site", "/another", cancellationToken);
        for (var i = 0; i < destinations; i++)
            await AddDestination(site, new Uri(url, $"/another/{i}"), $"Another {i}", cancellationToken);
        return new Sender(PathOf(site), _senders[0].Authorization);
    }

    /// <summary>Asks for a replay of what the first site's destinations have got since then.</summary>
    public Task Replay(string state, DateTimeOffset from, CancellationToken cancellationToken) =>
        Post($"/api/sites/{_senders[0].Path.Split('/')[3]}/replays", new { state, from }, cancellationToken);

    /// <summary>These sites from now on, with the same credentials.</summary>
    public void SendFor(IEnumerable<Guid> sites)
    {
        var authorization = _senders[0].Authorization;
        _senders.Clear();
        _senders.AddRange(sites.Select(site => new Sender(PathOf(site), authorization)));
    }

    private static string PathOf(Guid site) => $"/rest/sites/{site}/leads";

    private async Task StartApi(CancellationToken cancellationToken) => _api = await Host("Router.Api", Port, cancellationToken);

    private async Task<Child> Host(string name, int port, CancellationToken cancellationToken)
    {
        var url = new Uri($"http://127.0.0.1:{port}");
        var settings = new Dictionary<string, string>(_settings, StringComparer.Ordinal) { ["ASPNETCORE_URLS"] = url.AbsoluteUri };
        if (settings.ContainsKey(PrometheusPort))
        {
            var free = Lab.FreePort();
            settings[PrometheusPort] = $"{free}";
            _scraped.Add(new Uri($"http://127.0.0.1:{free}/metrics"));
        }

        var host = Child.StartLogged(_lab.LogFile(name), Repository.Host(name), [], settings);
        return await host.Ready(new Uri(url, "/health/ready"), cancellationToken);
    }

    private async Task CreateSites(int count, CancellationToken cancellationToken)
    {
        var product = await Post("/api/products", new { username = "bench", display_name = "Benchmark" }, cancellationToken);
        var credentials = Convert.ToBase64String(Encoding.ASCII.GetBytes($"bench:{product.GetProperty("password").GetString()}"));
        for (var i = 0; i < count; i++)
        {
            var site = Guid.NewGuid();
            await CreateSite(site, $"Site {i}", $"/{i}", cancellationToken);
            foreach (var url in _lab.Destinations.Skip(1))
                await AddDestination(site, new Uri(url, $"/{i}"), $"Custom {url.Port}", cancellationToken);
            _senders.Add(new Sender(PathOf(site), $"Basic {credentials}"));
        }
    }

    private async Task CreateSite(Guid site, string name, string path, CancellationToken cancellationToken)
    {
        await Post("/api/sites", new
        {
            id = site, name, domain = "www.site.test", login_url_template = "https://www.site.test/login/{lead_id}",
            lead_manager = new { url = new Uri(_lab.Destinations[0], path), secret = "lead manager's secret", partner_id = "lm" },
        }, cancellationToken);
        (await _admin.PutAsync($"/api/products/bench/sites/{site}", content: null, cancellationToken)).EnsureSuccessStatusCode();
    }

    private Task<JsonElement> AddDestination(Guid site, Uri url, string name, CancellationToken cancellationToken) =>
        Post($"/api/sites/{site}/destinations",
            new { name, url, secret = $"secret of {url.Port}", partner_id = $"partner of {name}", active = true }, cancellationToken);

    private async Task<JsonElement> Post(string path, object body, CancellationToken cancellationToken)
    {
        using var response = await _admin.PostAsJsonAsync(path, body, cancellationToken);
        if (!response.IsSuccessStatusCode)
            throw new InvalidOperationException(
                $"{path}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync(cancellationToken)}");
        return await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
    }
}
