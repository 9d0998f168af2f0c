using Router.Benchmarks.Measuring;
using Router.Benchmarks.Systems;

namespace Router.Benchmarks.Scenarios;

/// <summary>
/// What it costs to keep a lead's events in order: one router that does and one that doesn't, on the same servers, measured in turn. All
/// leads are of one event, as most are.
/// </summary>
internal static class Order
{
    private const int Rate = 200;

    private const string Table = "order kept or not";

    public static int Steps(Options options) => 1 + (4 * options.Rounds);

    public static async Task Run(Bench bench)
    {
        bench.Step("starting both routers");
        await using var kept = await RouterSystem.Start(bench.Lab, bench.Options.Sites, bench.Stopping, ("Order:Keep", "true"));
        await using var not = await RouterSystem.Start(bench.Lab, bench.Options.Sites, bench.Stopping, ("Order:Keep", "false"));
        for (var round = 1; round <= bench.Options.Rounds; round++)
        {
            // The first of a pair has the servers as the last pair left them: so each is first in turn.
            (string Name, Target Target)[] pair = [("kept", kept), ("not kept", not)];
            if (round % 2 == 0)
                Array.Reverse(pair);
            foreach (var (name, target) in pair)
                Latency.Add(bench.Report, Table, $"{name}, {Rate}/s, {round}", await Measure($"{name} at {Rate} leads/s", target, Rate));
            foreach (var (name, target) in pair)
            {
                var run = await Measure($"{name} at saturation", target, rate: 0);
                bench.Report.Add(
                    $"{Table}, saturation", $"{name}, {round}",
                    ("accepted/s", run.AcceptedPerSecond), ("delivered/s", run.DeliveredPerSecond), ("missing", run.Missing));
            }
        }

        bench.Report.Print(Table);
        bench.Report.Print($"{Table}, saturation");

        Task<Measured> Measure(string step, Target target, int rate) => bench.Measure(
            step, target, new Load { Rate = rate, Connections = bench.Options.Connections, Seconds = bench.Options.Seconds });
    }
}
