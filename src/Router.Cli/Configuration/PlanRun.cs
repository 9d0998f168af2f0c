using System.Collections.Concurrent;
using Router.Cli.Management;
using Router.Cli.Showing;

namespace Router.Cli.Configuration;

/// <summary>Carries a plan out, several sites at a time. What is refused is told and doesn't keep the rest from being done.</summary>
internal sealed class PlanRun(Plan plan, Invocation run)
{
    // Each change is a request of its own, and the API serves others beside.
    private const int AtATime = 8;

    private readonly ConcurrentQueue<string> _failures = new();
    private int _done;

    /// <summary>Steps that were done.</summary>
    public int Done => _done;

    /// <summary>What was refused, each with its place.</summary>
    public IReadOnlyCollection<string> Failures => _failures;

    public Task Do() => ProgressBar.Show("changes", async progress =>
    {
        var total = plan.Steps.Count();
        foreach (var phase in plan.Phases)
        {
            await Parallel.ForEachAsync(
                phase, new ParallelOptions { MaxDegreeOfParallelism = AtATime, CancellationToken = run.Cancellation },
                async (group, _) =>
                {
                    foreach (var step in group)
                    {
                        if (!await Try(step) && step.ComesFirst)
                            break;
                        progress(_done, total);
                    }
                });
        }
    });

    private async Task<bool> Try(Step step)
    {
        try
        {
            await step.Do(run);
            if (!step.IsPart)
                Interlocked.Increment(ref _done);
            return true;
        }
        catch (RefusedException refused) when (!refused.IsAboutAccess)
        {
            _failures.Enqueue($"{(step.PlaceOf(refused) is { } place ? $"{place}: " : "")}{step.Thing} {step.Name}: {refused.Message}");
            return false;
        }
    }
}
