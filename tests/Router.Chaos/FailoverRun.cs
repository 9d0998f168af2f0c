using System.Globalization;

namespace Router.Chaos;

/// <summary>
/// Leads at a steady rate while the machine of the Postgres primary dies and Patroni puts the standby in its place. Nobody does anything by
/// hand. Most of it is Patroni's wait until the primary's lease has ended: 20 s, the least that it takes.
/// </summary>
internal sealed class FailoverRun(int seed, Action<string> tell)
{
    private const int LeadsPerSecond = 30;

    public async Task<Report> Execute()
    {
        tell($"seed {seed}: starting RabbitMQ, two Postgres servers under Patroni, an API and two workers");
        await using var databases = await PatroniPair.Start();
        await using var rig = await Rig.Start(await PrivateServers.Start(), databases, seed);
        using var driver = new LoadDriver(rig.Api.Url, rig.Sites, seed, LeadsPerSecond);
        var began = TimeProvider.System.GetUtcNow();
        using var loadEnds = new CancellationTokenSource();
        var load = driver.Run(loadEnds.Token);
        await Delivered(rig, began);

        var primary = (await databases.Primary())!;
        var killed = TimeProvider.System.GetUtcNow();
        await primary.Kill();
        await Eventually.True(
            async () => await databases.Primary() is { } now && now.Number != primary.Number, "the standby takes over", seconds: 120);
        var replaced = TimeProvider.System.GetUtcNow();
        await Delivered(rig, replaced);
        await loadEnds.CancelAsync();
        await load;

        var ended = TimeProvider.System.GetUtcNow();
        var first = rig.Receivers.Arrivals.Where(arrival => arrival.Status == 200 && arrival.At > replaced).Min(arrival => arrival.At);
        tell(string.Create(
            CultureInfo.InvariantCulture,
            $"replaced after {(replaced - killed).TotalSeconds:0.0} s, delivered again after {(first - killed).TotalSeconds:0.0} s"));
        var books = new Books(rig, driver);
        var settled = await books.Settle(TimeSpan.FromMinutes(3));
        var kind = FaultKind.OfCluster.Single(kind => kind.Fault is Fault.PrimaryKilled);
        return await Report.Write(
            new RunNames(seed, $"tests/chaos.sh --failover --seed {seed}"), rig, driver,
            [new PastFault(kind, $"Postgres {primary.Number}", killed, ended)], books, new Span(began, ended, settled), []);
    }

    /// <summary>Until thirty have arrived from then on.</summary>
    private static Task Delivered(Rig rig, DateTimeOffset since) => Eventually.True(
        () => rig.Receivers.Arrivals.Count(arrival => arrival.Status == 200 && arrival.At > since) >= 30, "leads are delivered",
        seconds: 120);
}
