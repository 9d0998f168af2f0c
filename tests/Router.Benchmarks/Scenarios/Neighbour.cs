using Router.Benchmarks.Driving;
using Router.Benchmarks.Measuring;
using Router.Benchmarks.Receiving;
using Router.Benchmarks.Systems;

namespace Router.Benchmarks.Scenarios;

/// <summary>
/// A site beside one with hundreds of destinations that take requests and never answer: what that costs the first one's leads, and a replay
/// of them.
/// </summary>
internal static class Neighbour
{
    private const string Leads = "the neighbour's leads, ms";
    private const string Replays = "the neighbour's replay";
    private const int Hanging = 600;
    private const int NoisyRate = 1;
    private const int Rate = 20;
    private const int NoisyRun = 9000;

    // As long as a request may take: from then on the noisy one's retries come, too.
    private static readonly TimeSpan UntilTheyFail = TimeSpan.FromSeconds(16);
    private static readonly TimeSpan LongestReplay = TimeSpan.FromSeconds(60);

    public static int Steps(Options options) => 7;

    public static async Task Run(Bench bench)
    {
        bench.Step("starting the router");
        await using var router = await RouterSystem.Start(
            bench.Lab, sites: 1, bench.Stopping, ("SiteLimits:Destinations", $"{Hanging + 10}"),
            // All of them are on this machine here; elsewhere each would be on another.
            ("SiteLimits:InFlightAtHost", "100000"), ("Delivery:MaxInFlightAtHost", "100000"));
        var alone = await Measure(bench, router, "alone");

        bench.Step($"{Hanging} destinations of another site");
        await using var receiver = Child.Start("receive", "1");
        var port = (await Ask(receiver, new ReceiverOrder(0), bench)).Ports[0].Port;
        await Ask(receiver, new ReceiverOrder(0, Port: port, Hangs: true), bench);
        var noisy = await router.AddSite(Hanging, new Uri($"http://127.0.0.1:{port}"), bench.Stopping);
        await using var driver = Child.Start("drive");
        var noise = driver.Ask<DriveOrder, DriveResult>(
            new DriveOrder(
                router.Port, [noisy], NoisyRun, Connections: 4, NoisyRate,
                (UntilTheyFail + LongestReplay).TotalSeconds + (2 * bench.Options.Seconds)),
            bench.Stopping);
        await Task.Delay(UntilTheyFail, bench.Stopping);
        var beside = await Measure(bench, router, "beside the noisy one");
        bench.Report.Add(
            Leads, "beside / alone", ("received p50", beside.Arrival(0.5) / alone.Arrival(0.5)),
            ("received p95", beside.Arrival(0.95) / alone.Arrival(0.95)), ("received p99", beside.Arrival(0.99) / alone.Arrival(0.99)));

        bench.Step("the noisy one's last");
        var made = await noise;
        bench.Report.Add(Replays, "the noisy one's leads", ("deliveries", made.Accepted * Hanging));
        bench.Report.Print(Leads);
        bench.Report.Print(Replays);
    }

    private static async Task<Measured> Measure(Bench bench, RouterSystem router, string name)
    {
        var from = TimeProvider.System.GetUtcNow();
        var run = await bench.Measure(
            $"{Rate} leads/s {name}", router, new Load { Connections = 32, Rate = Rate, Seconds = bench.Options.Seconds });
        Latency.Add(bench.Report, Leads, name, run);

        bench.Step($"its replay {name}");
        var started = Clock.Now;
        await router.Replay("delivered", from, bench.Stopping);
        var (first, again) = (0.0, 0L);
        while (again < run.Delivered && Clock.Now - started < LongestReplay.TotalSeconds * 1e9)
        {
            await Task.Delay(20, bench.Stopping);
            again = (await bench.Lab.Ask(new ReceiverOrder(run.Sent.Run), bench.Stopping)).Ports.Sum(port => port.Duplicates);
            if (first == 0 && again > 0)
                first = (Clock.Now - started) / 1e9;
        }

        bench.Report.Add(
            Replays, name, ("deliveries", run.Delivered), ("arrived", again), ("seconds to first", first),
            ("seconds to last", again < run.Delivered ? double.PositiveInfinity : (Clock.Now - started) / 1e9));
        return run;
    }

    private static Task<Arrivals> Ask(Child receiver, ReceiverOrder order, Bench bench) =>
        receiver.Ask<ReceiverOrder, Arrivals>(order, bench.Stopping);
}
