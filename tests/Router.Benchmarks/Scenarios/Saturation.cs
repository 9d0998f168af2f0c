using Router.Benchmarks.Measuring;
using Router.Benchmarks.Systems;

namespace Router.Benchmarks.Scenarios;

/// <summary>As fast as it goes: the router between runs of the floor, and what a delivery costs in each process.</summary>
internal static class Saturation
{
    private const string Table = "saturation";
    private const string Cpu = "CPU s per 1,000 deliveries";
    private const string Memory = "memory MB";
    private const string Bytes = "bytes a lead in Postgres";

    public static int Steps(Options options) => (2 * options.Rounds) + 3;

    public static async Task Run(Bench bench)
    {
        bench.Step("starting the floor");
        await using var floor = await FloorSystem.Start(bench.Lab, bench.Stopping);
        bench.Step("starting the router");
        await using var router = await RouterSystem.Start(bench.Lab, bench.Options.Sites, bench.Stopping);

        var storage = await Storage.Begin(router.Database);
        var runs = new List<(Target Target, Measured Measured)>();
        for (var i = 0; i <= 2 * bench.Options.Rounds; i++)
        {
            Target target = i % 2 == 0 ? floor : router;
            var load = new Load { Connections = bench.Options.Connections, Seconds = bench.Options.Seconds };
            var measured = await bench.Measure($"{target.Name}, as fast as it goes", target, load);
            runs.Add((target, measured));
            Add(bench.Report, $"{target.Name} {(i / 2) + 1}", measured);
        }

        double Median(Target target, Func<Measured, double> figure) =>
            Report.Median(runs.Where(run => run.Target == target).Select(run => figure(run.Measured)));
        bench.Report.Add(
            Table, "router / floor",
            ("accepted/s", Median(router, run => run.AcceptedPerSecond) / Median(floor, run => run.AcceptedPerSecond)),
            ("delivered/s", Median(router, run => run.DeliveredPerSecond) / Median(floor, run => run.DeliveredPerSecond)),
            ("while sending", Median(router, run => run.DeliveredPerSecondWhileSending) / Median(
                floor, run => run.DeliveredPerSecondWhileSending)));
        foreach (var target in new Target[] { floor, router })
        {
            var processes = runs.First(run => run.Target == target).Measured.CpuSeconds.Keys;
            bench.Report.Add(Cpu, target.Name,
                [.. processes.Select(process => (process, Median(target, run => 1000 * run.CpuSeconds[process] / run.Delivered)))]);
            bench.Report.Add(Memory, target.Name, [.. target.Processes.Select(process => (process.Name, ProcessCosts.Memory(process.Id)))]);
        }

        bench.Report.Add(Bytes, router.Name, await storage.PerLead());
        foreach (var table in new[] { Table, Cpu, Memory, Bytes })
            bench.Report.Print(table);
    }

    private static void Add(Report report, string name, Measured run) => report.Add(
        Table, name,
        ("accepted/s", run.AcceptedPerSecond),
        ("delivered/s", run.DeliveredPerSecond),
        ("while sending", run.DeliveredPerSecondWhileSending),
        ("seconds to last", run.SecondsToLast),
        ("missing", run.Missing),
        ("duplicates", run.Duplicates),
        ("others' CPU", run.OthersShare));
}
