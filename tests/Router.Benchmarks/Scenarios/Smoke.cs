using Router.Benchmarks.Systems;

namespace Router.Benchmarks.Scenarios;

/// <summary>No figures: whether floor and router deliver all that they accepted, so that the benchmarks themselves can't rot.</summary>
internal static class Smoke
{
    public static int Steps(Options options) => 4;

    public static async Task Run(Bench bench)
    {
        bench.Step("starting the floor");
        await using var floor = await FloorSystem.Start(bench.Lab, bench.Stopping);
        bench.Step("starting the router");
        await using var router = await RouterSystem.Start(bench.Lab, bench.Options.Sites, bench.Stopping);
        foreach (var target in new Target[] { floor, router })
        {
            var run = await bench.Measure(
                $"{target.Name} at 200 leads/s", target, new Load { Rate = 200, Seconds = bench.Options.Seconds });
            if (run.Missing != 0 || run.Sent.Result.Accepted != run.Sent.Result.Sent || run.Delivered == 0)
                throw new InvalidOperationException(
                    $"Of {run.Sent.Result.Sent} leads the {target.Name} accepted {run.Sent.Result.Accepted}; "
                    + $"{run.Missing} deliveries are missing.");
            bench.Report.Add("smoke", target.Name, ("sent", run.Sent.Result.Sent), ("delivered", run.Delivered));
        }

        bench.Report.Print("smoke");
    }
}
