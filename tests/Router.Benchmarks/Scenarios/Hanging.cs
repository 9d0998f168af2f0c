using Router.Benchmarks.Measuring;
using Router.Benchmarks.Receiving;
using Router.Benchmarks.Systems;

namespace Router.Benchmarks.Scenarios;

/// <summary>
/// One site, one of whose three destinations takes requests and never answers: what that costs the other two, measured from its first
/// request on, when nothing is known about it yet.
/// </summary>
internal static class Hanging
{
    private const string Table = "one of three hangs, ms";

    public static int Steps(Options options) => 1 + (2 * Latency.Rates.Length);

    public static async Task Run(Bench bench)
    {
        bench.Step("starting the router");
        await using var router = await RouterSystem.Start(bench.Lab, sites: 1, bench.Stopping);
        var (healthy, hanging) = (bench.Lab.Destinations.SkipLast(1).ToList(), bench.Lab.Destinations[^1]);
        var before = new List<Measured>();
        foreach (var rate in Latency.Rates)
        {
            before.Add(await bench.Measure(
                $"all well, {rate} leads/s", router, new Load { Rate = rate, Seconds = bench.Options.Seconds }, healthy));
            Latency.Add(bench.Report, Table, $"all well, {rate}/s", before[^1]);
        }

        await bench.Lab.Ask(new ReceiverOrder(0, Port: hanging.Port, Hangs: true), bench.Stopping);
        try
        {
            foreach (var (rate, well) in Latency.Rates.Zip(before))
            {
                var run = await bench.Measure(
                    $"one hangs, {rate} leads/s", router, new Load { Rate = rate, Seconds = bench.Options.Seconds }, healthy);
                Latency.Add(bench.Report, Table, $"one hangs, {rate}/s", run);
                bench.Report.Add(
                    Table, $"hangs / well, {rate}/s",
                    ("received p50", run.Arrival(0.5) / well.Arrival(0.5)), ("received p95", run.Arrival(0.95) / well.Arrival(0.95)),
                    ("received p99", run.Arrival(0.99) / well.Arrival(0.99)));
            }
        }
        finally
        {
            await bench.Lab.Ask(new ReceiverOrder(0, Port: hanging.Port), CancellationToken.None);
        }

        bench.Report.Print(Table);
    }
}
