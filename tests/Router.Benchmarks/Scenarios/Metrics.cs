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

    public static int Steps(Options options) => 2 + (2 * options.Rounds);

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
        for (var i = 0; i < 2 * bench.Options.Rounds; i++)
        {
            // Without, with, with, without: what changes with time is in both.
            var router = i % 4 is 0 or 3 ? without : with;
            runs[router].Add(await bench.Measure(
                router == with ? "with metrics" : "without", router,
                new Load { Connections = bench.Options.Connections, Seconds = bench.Options.Seconds }));
        }

        await ended.CancelAsync();
        await scraping;
        foreach (var (router, name) in new[] { (without, "without"), (with, "with metrics") })
            bench.Report.Add(Table, name,
                [
                    .. runs[router][0].CpuSeconds.Keys.Select(
                        process => (process, Report.Median(runs[router].Select(run => Cost(run, process))))),
                    ("delivered/s", Report.Median(runs[router].Select(run => run.DeliveredPerSecond))),
                ]);
        bench.Report.Print(Table);
    }

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
