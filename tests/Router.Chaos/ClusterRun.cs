namespace Router.Chaos;

/// <summary>
/// Leads at a steady rate on a cluster of three RabbitMQ nodes and two Postgres servers under Patroni, while each of them dies, freezes
/// or is cut off in turn. Nobody does anything by hand.
/// </summary>
internal sealed class ClusterRun(int seed, Action<string> tell)
{
    // Three brokers and two databases share a machine with everything else.
    private const int LeadsPerSecond = 30;

    // What the router promises: docs/operators.md.
    private static readonly TimeSpan LongestAtMedian = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestFailover = TimeSpan.FromSeconds(30);

    public async Task<Report> Execute()
    {
        tell($"seed {seed}: starting three RabbitMQ nodes, two Postgres servers, an API and two workers");
        await using var brokers = await BrokerCluster.Start();
        await using var databases = await PatroniPair.Start();
        await using var rig = await Rig.Start(brokers, databases, seed);
        using var driver = new LoadDriver(rig.Api.Url, rig.Sites, seed, LeadsPerSecond);
        var faults = new ClusterFaults(rig, brokers, databases, tell);
        var began = TimeProvider.System.GetUtcNow();
        using var loadEnds = new CancellationTokenSource();
        var load = driver.Run(loadEnds.Token);
        await Task.Delay(TimeSpan.FromSeconds(5));
        await faults.Run();
        await loadEnds.CancelAsync();
        await load;

        var ended = TimeProvider.System.GetUtcNow();
        tell("all faults are over; waiting until everything is settled");
        var books = new Books(rig, driver);
        var settled = await books.Settle(TimeSpan.FromMinutes(3));
        var problems = new List<string>();
        var silences = faults.Past.Select(fault => (fault, Silence: faults.Silence(fault))).ToList();
        var ofBroker = silences.Where(one => !IsFailover(one.fault)).Select(one => one.Silence).Order().ToList();
        if (ofBroker[ofBroker.Count / 2] >= LongestAtMedian)
            problems.Add("at the median fault of RabbitMQ there was no delivery for ten seconds or more");
        if (silences.Any(one => IsFailover(one.fault) && one.Silence >= LongestFailover))
            problems.Add("deliveries took more than thirty seconds to go on after a failover of Postgres");
        if (driver.Answers.GetValueOrDefault(503) is > 0 and var refused)
            problems.Add($"{refused} leads were refused");
        return await Report.Write(
            new RunNames(seed, $"tests/chaos.sh --cluster --seed {seed}"), rig, driver, faults.Past, books,
            new Span(began, ended, settled), problems);
    }

    private static bool IsFailover(PastFault fault) => fault.Kind.Fault is Fault.PrimaryKilled or Fault.PrimaryFrozen;
}
