using Router.Benchmarks.Measuring;
using Router.Benchmarks.Systems;

namespace Router.Benchmarks.Scenarios;

/// <summary>How long a lead takes while there is room: floor and router at the same rates.</summary>
internal static class Latency
{
    public static readonly int[] Rates = [200, 1000];

    private const string Table = "latency ms";

    public static int Steps(Options options) => 2 + (2 * Rates.Length);

    public static async Task Run(Bench bench)
    {
        bench.Step("starting the floor");
        await using var floor = await FloorSystem.Start(bench.Lab, bench.Stopping);
        bench.Step("starting the router");
        await using var router = await RouterSystem.Start(bench.Lab, bench.Options.Sites, bench.Stopping);
        foreach (var rate in Rates)
        {
            foreach (var target in new Target[] { floor, router })
            {
                var run = await bench.Measure(
                    $"{target.Name} at {rate} leads/s", target, new Load { Rate = rate, Seconds = bench.Options.Seconds });
                Add(bench.Report, Table, $"{target.Name}, {rate}/s", run);
            }
        }

        bench.Report.Print(Table);
    }

    /// <summary>A row with the percentiles of a run.</summary>
    public static void Add(Report report, string table, string name, Measured run) => report.Add(
        table, name,
        ("accept p50", run.Accept(0.5)), ("p95", run.Accept(0.95)), ("p99", run.Accept(0.99)),
        ("received p50", run.Arrival(0.5)), ("received p95", run.Arrival(0.95)), ("received p99", run.Arrival(0.99)),
        ("missing", run.Missing), ("driver late p99", run.Lateness(0.99)), ("others' CPU", run.OthersShare));
}
