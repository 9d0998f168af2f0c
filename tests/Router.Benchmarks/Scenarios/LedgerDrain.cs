using Router.Benchmarks.Measuring;
using Router.Benchmarks.Systems;

namespace Router.Benchmarks.Scenarios;

/// <summary>
/// A destination of each site was paused while leads came; all that it should have got is held in the ledger. It is resumed, and fresh
/// leads come on top: how long its backlog takes, and what that costs the fresh ones, at it and at the others.
/// </summary>
internal static class LedgerDrain
{
    private const string Backlog = "backlog in the ledger";
    private const string Fresh = "fresh leads beside it, ms";

    public static int Steps(Options options) => 4;

    public static async Task Run(Bench bench)
    {
        bench.Step("starting the router");
        await using var router = await RouterSystem.Start(bench.Lab, bench.Options.Sites, bench.Stopping);
        var (others, paused) = (bench.Lab.Destinations.SkipLast(1).ToList(), bench.Lab.Destinations[^1]);
        var idle = await bench.Measure(
            $"nothing waits, {Drain.FreshRate} leads/s", router, new Load { Rate = Drain.FreshRate, Seconds = bench.Options.Seconds });
        Latency.Add(bench.Report, Fresh, "nothing waits", idle);

        var leads = bench.Options.Backlog / 5;
        bench.Step($"{leads:#,0} leads while one of three is paused");
        var destinations = await router.DestinationsAt(paused, bench.Stopping);
        await router.Pause(destinations, paused: true, bench.Stopping);
        // Workers know within a second.
        await Task.Delay(TimeSpan.FromSeconds(2), bench.Stopping);
        var backlog = await bench.Lab.Send(
            router, new Load { Connections = bench.Options.Connections, Seconds = 600, Most = leads }, bench.Stopping);
        await bench.Lab.Arrive(router, backlog, others, bench.Stopping);

        bench.Step($"resumed, {Drain.FreshRate} leads/s on top");
        var started = Clock.Now;
        await router.Pause(destinations, paused: false, bench.Stopping);
        var fresh = await Drain.SendUntilArrived(bench, router, backlog.Run, leads, paused);
        var drained = await bench.Lab.Arrive(router, backlog, [paused], bench.Stopping);
        Drain.AddFresh(bench.Report, Fresh, "at the others", await bench.Lab.Arrive(router, fresh, others, bench.Stopping), idle);
        Drain.AddFresh(bench.Report, Fresh, "at the resumed one", await bench.Lab.Arrive(router, fresh, [paused], bench.Stopping), idle);

        var seconds = (drained.Ports[0].Last - started) / 1e9;
        bench.Report.Add(
            Backlog, "router", ("deliveries", drained.Sent.Result.Accepted), ("seconds to drain", seconds),
            ("delivered/s", drained.Delivered / seconds),
            ("missing", drained.Missing), ("duplicates", drained.Duplicates));
        bench.Report.Print(Backlog);
        bench.Report.Print(Fresh);
    }
}
