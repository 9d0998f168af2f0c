using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text.Json;
using Npgsql;

namespace Router.Chaos;

/// <summary>Servers, an API and two workers, all of them private to this run, and the sites that leads are sent for.</summary>
internal sealed class Rig : IAsyncDisposable
{
    /// <summary>Bytes that a message may have: less than by default, so that the management API takes more.</summary>
    public const int LargestMessage = 1024 * 1024;

    private const string AdminToken = "an-admin-token-for-chaos-only";

    private readonly ConcurrentQueue<string> _output = new();
    private readonly HttpClient _admin;
    private readonly RigServers _servers;

    private readonly PrivateServers? _single;

    private Rig(RigServers servers, PrivateServers? single, int seed)
    {
        (_servers, _single) = (servers, single);
        VirtualHost = servers.Amqp.Split('/')[^1];
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Admin:Token"] = AdminToken,
            // A run is minutes long: everything that takes turns by the clock takes them sooner.
            ["Delivery:RetrySchedule"] =
                "00:00:01,00:00:01,00:00:02,00:00:02,00:00:04,00:00:04,00:00:08,00:00:08,00:00:15,00:00:30,00:01:00",
            // No receiver is as slow as that, only a busy machine; and less than a host is frozen for.
            ["Delivery:RequestTimeout"] = "00:00:07",
            ["Delivery:Lease"] = "00:00:09",
            ["Delivery:QueueLease"] = "00:00:15",
            // A Postgres that is slow because the machine is busy is none that has failed.
            ["Order:Timeout"] = "00:00:01",
            // What may be in flight, and so come twice, is little.
            ["Delivery:Concurrency"] = "64",
            ["Delivery:RetryConcurrency"] = "16",
            ["Network:Allow"] = "127.0.0.1",
            ["RabbitMq:MaxMessageBytes"] = $"{LargestMessage}",
            ["RabbitMq:Uri"] = servers.Amqp,
            ["RabbitMq:ManagementUri"] = servers.Management,
            ["Database:ConnectionString"] = servers.Database,
            ["Secrets:WithoutCertificate"] = "true",
            ["Serilog:MinimumLevel:Default"] = "Warning",
            ["Log:Format"] = "text",
        };
        Receivers = new Receivers(seed);
        Api = new Host("Router.Api", "API", settings, single, _output);
        Workers = [.. Enumerable.Range(1, 2)
            .Select(number => new Host("Router.Worker", $"worker {number}", settings, single, _output))];
        _admin = new HttpClient { BaseAddress = Api.Url };
        _admin.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", AdminToken);
    }

    /// <summary>The only ones of their kind.</summary>
    public PrivateServers Servers => _single ?? throw new InvalidOperationException("This run has a cluster.");

    public string VirtualHost { get; }

    /// <summary>The user by whose name the hosts log in.</summary>
    public string User => Servers.Broker.Amqp.UserInfo.Split(':')[0];

    public Receivers Receivers { get; }

    public Host Api { get; }

    public IReadOnlyList<Host> Workers { get; }

    public IEnumerable<Host> Hosts => Workers.Prepend(Api);

    public IReadOnlyList<Site> Sites { get; private set; } = [];

    /// <summary>What the hosts had to say: warnings and errors.</summary>
    public IEnumerable<string> Output => _output;

    public static async Task<Rig> Start(int seed)
    {
        var servers = await PrivateServers.Start(flushes: true);
        var amqp = await servers.Broker.CreateVirtualHost();
        var rig = await Start(new Rig(RigServers.Of(servers, amqp), servers, seed));
        await Eventually.True(
            () => servers.Keeps(
                rig.VirtualHost, "lead-events", "lead-events-fresh", "lead-events-large", "lead-retries", "lead-dead-letters"),
            "its queues are kept");
        return rig;
    }

    /// <summary>On three RabbitMQ nodes and two Postgres servers.</summary>
    public static async Task<Rig> Start(BrokerCluster brokers, PatroniPair databases, int seed) =>
        await Start(new Rig(RigServers.Of(brokers, databases, await brokers.CreateVirtualHost()), single: null, seed));

    /// <summary>On one RabbitMQ node, which ends with it, and two Postgres servers.</summary>
    public static async Task<Rig> Start(PrivateServers servers, PatroniPair databases, int seed) =>
        await Start(new Rig(RigServers.Of(servers, databases, await servers.Broker.CreateVirtualHost()), single: null, seed));

    private static async Task<Rig> Start(Rig rig)
    {
        try
        {
            await rig.Receivers.Start();
            foreach (var host in rig.Hosts)
                await host.Ready();
            rig.Sites =
            [
                await Site.Create(rig._admin, rig.Receivers, Manners.Prompt, Manners.Slow, Manners.Flaky),
                await Site.Create(rig._admin, rig.Receivers, Manners.Prompt, Manners.OftenAway),
                await Site.Create(rig._admin, rig.Receivers, Manners.Flaky),
            ];
            return rig;
        }
        catch
        {
            await rig.DisposeAsync();
            throw;
        }
    }

    /// <summary>The one that can be written to.</summary>
    public Task<NpgsqlConnection> OpenDatabase() => _servers.OpenDatabase();

    public Task<JsonElement> Queues() => _servers.Queues(VirtualHost);

    public async ValueTask DisposeAsync()
    {
        _admin.Dispose();
        foreach (var host in Hosts)
            await host.DisposeAsync();
        await Receivers.DisposeAsync();
        if (_servers.Own is { } own)
            await own.DisposeAsync();
    }
}
