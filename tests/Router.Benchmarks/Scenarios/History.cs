using Router.Benchmarks.Measuring;
using Router.Benchmarks.Systems;

namespace Router.Benchmarks.Scenarios;

/// <summary>The router with 10,000 sites and a ledger that is full already, against one that has just begun.</summary>
internal static class History
{
    private const string Table = "history";
    private const int Sites = 10_000;

    public static int Steps(Options options) => (2 * options.Rounds) + 4;

    public static async Task Run(Bench bench)
    {
        bench.Step("starting a router without history");
        await using var fresh = await RouterSystem.Start(bench.Lab, bench.Options.Sites, bench.Stopping);
        bench.Step("starting the other one");
        await using var old = await RouterSystem.Start(bench.Lab, sites: 1, bench.Stopping);
        bench.Step($"{Sites:#,0} sites, {bench.Options.Rows:#,0} deliveries and as many attempts (this takes minutes)");
        await LedgerRows.Add(old, bench.Lab.Destinations, Sites, bench.Options.Rows, bench.Stopping);
        await bench.Lab.WarmUp(old, bench.Stopping);

        var runs = new List<(Target Target, Measured Measured)>();
        for (var i = 0; i <= 2 * bench.Options.Rounds; i++)
        {
            var target = i % 2 == 0 ? fresh : old;
            var name = target == fresh ? "without history" : "with history";
            var run = await bench.Measure($"{name}, as fast as it goes", target, new Load { Connections = bench.Options.Connections, Seconds = bench.Options.Seconds });
            runs.Add((target, run));
            bench.Report.Add(
                Table, $"{name} {(i / 2) + 1}",
                ("accepted/s", run.AcceptedPerSecond), ("delivered/s", run.DeliveredPerSecond), ("missing", run.Missing), ("others' CPU", run.OthersShare));
        }

        double Median(Target target, Func<Measured, double> figure) => Report.Median(runs.Where(run => run.Target == target).Select(run => figure(run.Measured)));
        bench.Report.Add(
            Table, "with / without",
            ("accepted/s", Median(old, run => run.AcceptedPerSecond) / Median(fresh, run => run.AcceptedPerSecond)),
            ("delivered/s", Median(old, run => run.DeliveredPerSecond) / Median(fresh, run => run.DeliveredPerSecond)));
        bench.Report.Print(Table);
    }
}
