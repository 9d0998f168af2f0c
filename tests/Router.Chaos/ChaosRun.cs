using System.Diagnostics;

namespace Router.Chaos;

/// <summary>Leads at a steady rate while everything dies in turn; then the books are closed.</summary>
internal sealed class ChaosRun(int seed, int seconds, bool isShort, Action<string> tell)
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    public async Task<Report> Execute()
    {
        Tell($"seed {seed}: starting servers, an API and two workers");
        await using var rig = await Rig.Start(seed);
        using var driver = new LoadDriver(rig.Api.Url, rig.Sites, seed);
        using var faults = new Faults(rig, Tell);
        var began = TimeProvider.System.GetUtcNow();

        using var loadEnds = new CancellationTokenSource();
        using var over = new CancellationTokenSource();
        var progress = Progress(rig, driver, over.Token);
        var load = driver.Run(loadEnds.Token);
        // Some that were well before anything broke, and some after.
        await Task.Delay(TimeSpan.FromSeconds(3));
        await faults.Run(PlannedFault.Draw(seed, isShort), isShort ? TimeSpan.MaxValue : TimeSpan.FromSeconds(seconds - 6));
        await Task.Delay(TimeSpan.FromSeconds(3));
        await loadEnds.CancelAsync();
        await load;

        var ended = TimeProvider.System.GetUtcNow();
        Tell("all faults are over; waiting until everything is settled");
        var books = new Books(rig, driver);
        var settled = await books.Settle(TimeSpan.FromMinutes(3));
        await over.CancelAsync();
        await progress.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return await Report.Write(
            new RunNames(seed, $"tests/chaos.sh --seed {seed} {(isShort ? "--short" : $"--seconds {seconds}")}"), rig, driver, faults.Past,
            books, new Span(began, ended, settled), []);
    }

    private async Task Progress(Rig rig, LoadDriver driver, CancellationToken over)
    {
        while (true)
        {
            await Task.Delay(TimeSpan.FromSeconds(5), over);
            Tell($"{driver.Events.Count} leads and updates sent, {driver.Accepts.Count} accepted, "
                + $"{rig.Receivers.Arrivals.Count} requests arrived");
        }
    }

    private void Tell(string line) => tell($"{_watch.Elapsed.TotalSeconds,6:0.0} s  {line}");
}

/// <summary>When the load began and ended, and how long it took after that until nothing moved any more; null if that never came.</summary>
internal sealed record Span(DateTimeOffset Began, DateTimeOffset Ended, TimeSpan? Settled);
