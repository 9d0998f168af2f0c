using Router.Benchmarks.Measuring;
using Router.Benchmarks.Systems;

namespace Router.Benchmarks.Scenarios;

/// <summary>The router with 10,000 sites and a ledger that is full already, against one that has just begun.</summary>
internal static class History
{
    private const string Table = "history";
    private const string Memory = "memory MB with history";
    private const int Sites = 10_000;

    public static int Steps(Options options) => (3 * options.Rounds) + 4;

    public static async Task Run(Bench bench)
    {
        bench.Step("starting a router without history");
        await using var fresh = await RouterSystem.Start(bench.Lab, bench.Options.Sites, bench.Stopping);
        bench.Step("starting the other one");
        await using var old = await RouterSystem.Start(bench.Lab, sites: 1, bench.Stopping);
        bench.Step($"{Sites:#,0} sites, {bench.Options.Rows:#,0} deliveries and as many attempts (this takes minutes)");
        var sites = await LedgerRows.Add(old, bench.Lab.Destinations, Sites, bench.Options.Rows, bench.Stopping);
        old.SendFor(sites);
        await bench.Lab.WarmUp(old, bench.Stopping);

        // What many rows cost and what many sites cost are two questions.
        var (none, few, all) = ("no history", $"history, {bench.Options.Sites} sites", $"history, {Sites} sites");
        var runs = new List<(string Name, Measured Measured)>();
        for (var i = 0; i <= 3 * bench.Options.Rounds; i++)
        {
            var name = new[] { none, few, all }[i % 3];
            old.SendFor(name == few ? sites.Take(bench.Options.Sites) : sites);
            var run = await bench.Measure(
                $"{name}, as fast as it goes", name == none ? fresh : old,
                new Load { Connections = bench.Options.Connections, Seconds = bench.Options.Seconds });
            runs.Add((name, run));
            bench.Report.Add(
                Table, $"{name} {(i / 3) + 1}",
                ("accepted/s", run.AcceptedPerSecond), ("delivered/s", run.DeliveredPerSecond), ("missing", run.Missing),
                ("others' CPU", run.OthersShare));
        }

        double Median(string name, Func<Measured, double> figure) =>
            Report.Median(runs.Where(run => run.Name == name).Select(run => figure(run.Measured)));
        foreach (var name in new[] { few, all })
        {
            bench.Report.Add(
                Table, $"{name} / {none}",
                ("accepted/s", Median(name, run => run.AcceptedPerSecond) / Median(none, run => run.AcceptedPerSecond)),
                ("delivered/s", Median(name, run => run.DeliveredPerSecond) / Median(none, run => run.DeliveredPerSecond)));
        }

        foreach (var (name, target) in new[] { (none, fresh), (all, old) })
            bench.Report.Add(Memory, name, [.. target.Processes.Select(process => (process.Name, ProcessCosts.Memory(process.Id)))]);
        bench.Report.Print(Table);
        bench.Report.Print(Memory);
    }
}
