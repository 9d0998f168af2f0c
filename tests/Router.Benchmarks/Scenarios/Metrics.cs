using Router.Benchmarks.Measuring;
using Router.Benchmarks.Systems;

namespace Router.Benchmarks.Scenarios;

/// <summary>
/// What metrics cost: two routers on the same servers, one that is scraped and one without metrics, in turn, at saturation.
/// </summary>
internal static class Metrics
{
    private const string Table = "CPU s per 1,000 deliveries";

    // As often as Prometheus would at most.
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(5);

    public static int Steps(Options options) => 4 + (2 * options.Rounds);

    public static async Task Run(Bench bench)
    {
        bench.Step("starting the router without metrics");
        await using var without = await RouterSystem.Start(bench.Lab, bench.Options.Sites, bench.Stopping);
        bench.Step("starting the router with metrics");
        await using var with = await RouterSystem.Start(
            bench.Lab, bench.Options.Sites, bench.Stopping, (RouterSystem.PrometheusPort, "free"));
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(bench.Stopping);
        var scraping = Scrape(with.Scraped, ended.Token);

        var runs = new Dictionary<RouterSystem, List<Measured>> { [without] = [], [with] = [] };
        // The first two runs are compiled meanwhile, and don't count.
        for (var i = -2; i < 2 * bench.Options.Rounds; i++)
        {
            // Without, with, with, without: what changes with time is in both.
            var router = i is -2 || (i >= 0 && i % 4 is 0 or 3) ? without : with;
            var name = router == with ? "with metrics" : "without";
            var run = await bench.Measure(
                name, router, new Load { Connections = bench.Options.Connections, Seconds = bench.Options.Seconds });
            if (i < 0)
                continue;
            runs[router].Add(run);
            Add(bench.Report, $"{name} {(i / 2) + 1}", [run]);
        }

        await ended.CancelAsync();
        await scraping;
        foreach (var (router, name) in new[] { (without, "without"), (with, "with metrics") })
            Add(bench.Report, $"{name}, median", runs[router]);
        bench.Report.Print(Table);
    }

    private static void Add(Report report, string name, List<Measured> runs) => report.Add(
        Table, name,
        [
            .. runs[0].CpuSeconds.Keys.Select(process => (process, Report.Median(runs.Select(run => Cost(run, process))))),
            ("delivered/s", Report.Median(runs.Select(run => run.DeliveredPerSecond))),
        ]);

    private static double Cost(Measured run, string process) => 1000 * run.CpuSeconds[process] / run.Delivered;

    private static async Task Scrape(IReadOnlyList<Uri> hosts, CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        while (!cancellationToken.IsCancellationRequested)
        {
            foreach (var host in hosts)
                await http.GetStringAsync(host, CancellationToken.None);
            await Task.Delay(Between, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
