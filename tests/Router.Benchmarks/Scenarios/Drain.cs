using Router.Benchmarks.Measuring;
using Router.Benchmarks.Systems;

namespace Router.Benchmarks.Scenarios;

/// <summary>
/// Leads were accepted while no worker ran. It comes back, and fresh leads come on top: how long the backlog takes, and the fresh ones.
/// </summary>
internal static class Drain
{
    public const double FreshRate = 200;

    private const string Backlog = "backlog in the queue";
    private const string Fresh = "fresh leads, ms";
    private const double Slice = 3;

    public static int Steps(Options options) => 4;

    public static async Task Run(Bench bench)
    {
        bench.Step("starting the router");
        await using var router = await RouterSystem.Start(bench.Lab, bench.Options.Sites, bench.Stopping);
        var idle = await bench.Measure(
            $"nothing waits, {FreshRate} leads/s", router, new Load { Rate = FreshRate, Seconds = bench.Options.Seconds });
        Latency.Add(bench.Report, Fresh, "nothing waits", idle);

        bench.Step($"{bench.Options.Backlog:#,0} leads without a worker");
        await router.StopWorkers();
        var backlog = await bench.Lab.Send(
            router, new Load { Connections = bench.Options.Connections, Seconds = 600, Most = bench.Options.Backlog }, bench.Stopping);

        bench.Step($"the worker is back, {FreshRate} leads/s on top");
        var started = Clock.Now;
        await router.StartWorkers(1, bench.Stopping);
        var fresh = await SendUntilArrived(bench, router, backlog.Run, bench.Options.Backlog);
        var drained = await bench.Lab.Arrive(router, backlog, bench.Lab.Destinations, bench.Stopping);
        var arrived = await bench.Lab.Arrive(router, fresh, bench.Lab.Destinations, bench.Stopping);
        AddFresh(bench.Report, Fresh, "while it drains", arrived, idle);

        var seconds = (drained.Ports.Max(port => port.Last) - started) / 1e9;
        bench.Report.Add(
            Backlog, "router", ("leads", drained.Sent.Result.Accepted), ("accepted/s", drained.AcceptedPerSecond),
            ("seconds to drain", seconds),
            ("delivered/s", drained.Delivered / seconds), ("missing", drained.Missing), ("duplicates", drained.Duplicates));
        bench.Report.Print(Backlog);
        bench.Report.Print(Fresh);
    }

    /// <summary>
    /// Fresh leads until so many of the backlog have arrived at each of these ports; all by default. At most three minutes.
    /// </summary>
    public static Task<Sent> SendUntilArrived(Bench bench, Target target, int run, long leads, params IReadOnlyList<Uri> ports)
    {
        var until = Clock.Now + 180_000_000_000;
        return bench.Lab.SendWhile(
            async () =>
            {
                var arrivals = await bench.Lab.Ask(new(run), bench.Stopping);
                return Clock.Now < until
                    && arrivals.Ports.Any(port => (ports.Count == 0 || ports.Any(url => url.Port == port.Port)) && port.Distinct < leads);
            },
            target, new Load { Rate = FreshRate, Seconds = Slice }, bench.Stopping);
    }

    /// <summary>A row with percentiles, and one that compares them with those of idle.</summary>
    public static void AddFresh(Report report, string table, string name, Measured run, Measured idle)
    {
        Latency.Add(report, table, name, run);
        report.Add(
            table, $"{name} / nothing waits",
            ("accept p50", run.Accept(0.5) / idle.Accept(0.5)), ("p99", run.Accept(0.99) / idle.Accept(0.99)),
            ("received p50", run.Arrival(0.5) / idle.Arrival(0.5)), ("received p95", run.Arrival(0.95) / idle.Arrival(0.95)),
            ("received p99", run.Arrival(0.99) / idle.Arrival(0.99)));
    }
}
