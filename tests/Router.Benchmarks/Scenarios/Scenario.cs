using Router.Benchmarks.Measuring;
using Router.Benchmarks.Systems;

namespace Router.Benchmarks.Scenarios;

/// <summary>What a scenario works with.</summary>
internal sealed record Bench(Lab Lab, Report Report, Action<string> Step, CancellationToken Stopping)
{
    public Options Options => Lab.Options;

    /// <summary>Measures, after saying so.</summary>
    public Task<Measured> Measure(string step, Target target, Load load, IReadOnlyList<Uri>? healthy = null)
    {
        Step(step);
        return Lab.Measure(target, load, Stopping, healthy);
    }
}

/// <summary>Something that can be named on the command line.</summary>
/// <param name="Name">The name.</param>
/// <param name="Steps">How many steps it tells of.</param>
/// <param name="IsStandard">Whether it runs when nothing is named.</param>
/// <param name="Run">Measures and adds its tables.</param>
internal sealed record Scenario(string Name, Func<Options, int> Steps, bool IsStandard, Func<Bench, Task> Run)
{
    public static readonly IReadOnlyList<Scenario> All =
    [
        new("saturation", Saturation.Steps, IsStandard: true, Saturation.Run),
        new("latency", Latency.Steps, IsStandard: true, Latency.Run),
        new("hanging", Hanging.Steps, IsStandard: true, Hanging.Run),
        new("drain", Drain.Steps, IsStandard: true, Drain.Run),
        new("ledger-drain", LedgerDrain.Steps, IsStandard: true, LedgerDrain.Run),
        new("workers", Workers.Steps, IsStandard: true, Workers.Run),
        new("neighbour", Neighbour.Steps, IsStandard: false, Neighbour.Run),
        new("order", Order.Steps, IsStandard: false, Order.Run),
        new("metrics", Metrics.Steps, IsStandard: false, Metrics.Run),
        new("history", History.Steps, IsStandard: false, History.Run),
        new("smoke", Smoke.Steps, IsStandard: false, Smoke.Run),
    ];
}
