using Router.Benchmarks.Receiving;
using Router.Benchmarks.Systems;

namespace Router.Benchmarks.Scenarios;

/// <summary>
/// One site whose destinations take 50 ms to answer, so that it is their limits of requests in flight that bound a worker and not the
/// processor: what one more worker brings.
/// </summary>
internal static class Workers
{
    private const string Table = "receivers of 50 ms";
    private const int Milliseconds = 50;
    private const int LeadsPerSecond = 1000;

    private static readonly int[] Counts = [1, 2, 4];

    public static int Steps(Options options) => 1 + Counts.Length;

    public static async Task Run(Bench bench)
    {
        bench.Step("starting the router");
        await using var router = await RouterSystem.Start(bench.Lab, sites: 1, bench.Stopping);
        await Delay(bench, Milliseconds);
        try
        {
            Measured? first = null;
            var running = 1;
            foreach (var count in Counts)
            {
                await router.StartWorkers(count - running, bench.Stopping);
                running = count;
                await bench.Lab.Measure(router, new Load { Connections = bench.Options.Connections, Seconds = 1 }, bench.Stopping);
                // So many leads, not so many seconds: what waits in the queue has to be delivered too.
                var leads = (long)(LeadsPerSecond * bench.Options.Seconds);
                var run = await bench.Measure($"{count} of them, {leads:#,0} leads", router,
                    new Load { Connections = bench.Options.Connections, Seconds = 600, Most = leads });
                first ??= run;
                bench.Report.Add(
                    Table, $"{count} worker{(count == 1 ? "" : "s")}",
                    ("delivered/s", run.DeliveredPerSecond), ("times one", run.DeliveredPerSecond / first.DeliveredPerSecond),
                    ("seconds to last", run.SecondsToLast),
                    ("cores used", run.CpuSeconds.Values.Sum() / run.SecondsToLast), ("missing", run.Missing),
                    ("duplicates", run.Duplicates));
            }
        }
        finally
        {
            await Delay(bench, 0);
        }

        bench.Report.Print(Table);
    }

    private static async Task Delay(Bench bench, int milliseconds)
    {
        foreach (var url in bench.Lab.Destinations)
            await bench.Lab.Ask(new ReceiverOrder(0, Port: url.Port, DelayMilliseconds: milliseconds), CancellationToken.None);
    }
}
