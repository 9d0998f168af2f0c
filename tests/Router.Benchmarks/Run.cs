using System.Runtime.InteropServices;
using Router.Benchmarks.Measuring;
using Router.Benchmarks.Scenarios;
using Router.Benchmarks.Systems;

namespace Router.Benchmarks;

/// <summary>A run of some scenarios, one after the other, on servers of its own.</summary>
internal static class Run
{
    public static async Task<int> All(string[] args)
    {
        Options options;
        List<Scenario> scenarios;
        try
        {
            options = Options.Parse(args);
            scenarios = Choose(options.Scenarios);
        }
        catch (FormatException wrong)
        {
            Console.Error.WriteLine($"{wrong.Message}\nScenarios: {string.Join(' ', Scenario.All.Select(scenario => scenario.Name))}");
            return 1;
        }

        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }

        var report = new Report();
        try
        {
            await using var lab = await Lab.Start(options, stop.Token);
            var (step, steps) = (0, scenarios.Sum(scenario => scenario.Steps(options)));
            foreach (var scenario in scenarios)
                await scenario.Run(new Bench(
                    lab, report, text => Console.Error.WriteLine($"[{++step}/{steps}] {scenario.Name}: {text}"), stop.Token));
            return 0;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return 130;
        }
#pragma warning disable CA1031 // Whatever it was, the servers are stopped by now and somebody has to read it.
        catch (Exception failed)
        {
            Console.Error.WriteLine(failed);
            return 1;
        }
#pragma warning restore CA1031
        finally
        {
            report.Save(options.Json);
        }
    }

    private static List<Scenario> Choose(IReadOnlyList<string> names)
    {
        if (names.Count == 0)
            return [.. Scenario.All.Where(scenario => scenario.IsStandard)];
        return [.. names.Select(name =>
            Scenario.All.FirstOrDefault(scenario => scenario.Name == name)
            ?? throw new FormatException($"There is no scenario '{name}'.\n{Options.Usage}"))];
    }
}
