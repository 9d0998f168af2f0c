using System.Net;
using System.Net.Sockets;
using Npgsql;
using Router.Benchmarks.Driving;
using Router.Benchmarks.Measuring;
using Router.Benchmarks.Receiving;

namespace Router.Benchmarks.Systems;

/// <summary>The servers, the driver and the receiver of a run, and the ways of measuring with them.</summary>
internal sealed class Lab : IAsyncDisposable
{
    private readonly PrivateServers _servers;
    private readonly string _logs = Directory.CreateTempSubdirectory("lead-router-bench-").FullName;
    private readonly Child _driver = Child.Start("drive");
    private readonly Child _receiver = Child.Start("receive", "3");
    private int _run;
    private int _log;

    private Lab(PrivateServers servers, Options options) => (_servers, Options) = (servers, options);

    public Options Options { get; }

    public Broker Broker => _servers.Broker;

    /// <summary>Where the receiver listens: Lead Manager's port first.</summary>
    public IReadOnlyList<Uri> Destinations { get; private set; } = [];

    public static async Task<Lab> Start(Options options, CancellationToken cancellationToken)
    {
        var lab = new Lab(await PrivateServers.Start(flushes: true), options);
        try
        {
            lab.Destinations = [.. (await lab.Ask(new ReceiverOrder(0), cancellationToken))
                .Ports.Select(port => new Uri($"http://127.0.0.1:{port.Port}"))];
            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    public Task<Arrivals> Ask(ReceiverOrder order, CancellationToken cancellationToken) =>
        _receiver.Ask<ReceiverOrder, Arrivals>(order, cancellationToken);

    /// <summary>Sends leads; returns when the last is answered. What has arrived by then comes along.</summary>
    public async Task<Sent> Send(Target target, Load load, CancellationToken cancellationToken)
    {
        var run = ++_run;
        var costs = Costs(target);
        var result = await Drive(target, load, run, first: 0, cancellationToken);
        return new Sent(run, result, await Ask(new ReceiverOrder(run), cancellationToken), costs);
    }

    /// <summary>The same again and again as one run, while that is so.</summary>
    public async Task<Sent> SendWhile(Func<Task<bool>> goesOn, Target target, Load load, CancellationToken cancellationToken)
    {
        var sent = await Send(target, load, cancellationToken);
        while (await goesOn())
            sent = sent with { Result = sent.Result.And(await Drive(target, load, sent.Run, sent.Result.Sent, cancellationToken)) };
        return sent with { AtEnd = await Ask(new ReceiverOrder(sent.Run), cancellationToken) };
    }

    /// <summary>Waits until everything of a run has arrived at these ports, or nothing more comes.</summary>
    public async Task<Measured> Arrive(Target target, Sent sent, IReadOnlyList<Uri> healthy, CancellationToken cancellationToken)
    {
        var ports = healthy.Select(url => url.Port).ToHashSet();
        var expected = sent.Result.Accepted * ports.Count;
        Arrivals arrivals;
        long arrived = -1;
        long changed = Clock.Now;
        do
        {
            await Task.Delay(20, cancellationToken);
            arrivals = await Ask(new ReceiverOrder(sent.Run), cancellationToken);
            var now = arrivals.Ports.Where(port => ports.Contains(port.Port)).Sum(port => port.Distinct);
            if (now > arrived)
                (arrived, changed) = (now, arrivals.Now);
        }
        while (arrived < expected && arrivals.Now - changed < Options.PatienceSeconds * 1_000_000_000L);

        var costs = Costs(target)
            .ToDictionary(cost => cost.Key, cost => cost.Value - sent.CostsBefore.GetValueOrDefault(cost.Key), StringComparer.Ordinal);
        arrivals = await Ask(new ReceiverOrder(sent.Run, WithLatencies: true), cancellationToken);
        return new Measured(sent, [.. arrivals.Ports.Where(port => ports.Contains(port.Port))], costs);
    }

    public async Task<Measured> Measure(
        Target target, Load load, CancellationToken cancellationToken, IReadOnlyList<Uri>? healthy = null) =>
        await Arrive(target, await Send(target, load, cancellationToken), healthy ?? Destinations, cancellationToken);

    /// <summary>So that everything is compiled, connected and cached before anything counts.</summary>
    public async Task WarmUp(Target target, CancellationToken cancellationToken)
    {
        // The compiler works beside it, in steps: what it was asked for under load it still does when the load is gone.
        await Measure(target, new Load { Connections = 16, Seconds = Math.Min(2, Options.Seconds) }, cancellationToken);
        await Measure(target, new Load { Connections = Options.Connections, Seconds = Math.Min(6, Options.Seconds) }, cancellationToken);
        await Measure(target, new Load { Rate = 200, Seconds = Math.Min(3, Options.Seconds) }, cancellationToken);
    }

    public async Task<string> CreateDatabase()
    {
        var name = $"bench_{++_log}";
        await using var connection = new NpgsqlConnection(Postgres.ConnectionString(_servers.Database));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"create database {name}", connection);
        await command.ExecuteNonQueryAsync();
        return new UriBuilder(_servers.Database) { Path = name }.Uri.AbsoluteUri;
    }

    public string LogFile(string name) => Path.Combine(_logs, $"{name}-{++_log}.log");

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        await _driver.DisposeAsync();
        await _receiver.DisposeAsync();
        await _servers.DisposeAsync();
        Directory.Delete(_logs, recursive: true);
    }

    private Task<DriveResult> Drive(Target target, Load load, int run, long first, CancellationToken cancellationToken) =>
        _driver.Ask<DriveOrder, DriveResult>(
        new DriveOrder(target.Port, target.Senders, run, load.Connections, load.Rate, load.Seconds, load.Most, first), cancellationToken);

    private Dictionary<string, double> Costs(Target target)
    {
        var costs = ProcessCosts.Cpu(
            [.. target.Processes, new("broker", _servers.RabbitMqId), new("postgres", _servers.PostgresId), new("receiver", _receiver.Id),
                new("driver", _driver.Id)]);
        costs[Measured.Others] = ProcessCosts.WholeMachine() - costs.Values.Sum();
        return costs;
    }
}
