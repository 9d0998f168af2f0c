using System.Collections.Concurrent;
using System.Net.Http.Headers;
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

    private Rig(PrivateServers servers, string amqp, int seed)
    {
        Servers = servers;
        VirtualHost = new Uri(amqp).AbsolutePath.Trim('/');
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
            ["RabbitMq:ManagementUri"] = servers.Broker.Management.AbsoluteUri,
            ["Serilog:MinimumLevel:Default"] = "Warning",
            ["Log:Format"] = "text",
        };
        Receivers = new Receivers(seed);
        Api = new Host("Router.Api", "API", settings, servers, amqp, _output);
        Workers = [.. Enumerable.Range(1, 2)
            .Select(number => new Host("Router.Worker", $"worker {number}", settings, servers, amqp, _output))];
        _admin = new HttpClient { BaseAddress = Api.Url };
        _admin.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", AdminToken);
    }

    public PrivateServers Servers { get; }

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
        var rig = new Rig(servers, await servers.Broker.CreateVirtualHost(), seed);
        try
        {
            await rig.Receivers.Start();
            foreach (var host in rig.Hosts)
                await host.Ready();
            await Eventually.True(
                () => servers.Keeps(rig.VirtualHost, "lead-events", "lead-events-fresh", "lead-retries", "lead-dead-letters"),
                "its queues are kept");
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

    public async Task<NpgsqlConnection> OpenDatabase()
    {
        var connection = new NpgsqlConnection(Postgres.ConnectionString(Servers.Database));
        await connection.OpenAsync();
        return connection;
    }

    public async ValueTask DisposeAsync()
    {
        _admin.Dispose();
        foreach (var host in Hosts)
            await host.DisposeAsync();
        await Receivers.DisposeAsync();
        await Servers.DisposeAsync();
    }
}
