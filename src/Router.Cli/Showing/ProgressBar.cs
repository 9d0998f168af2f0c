using System.Diagnostics;
using Spectre.Console;

namespace Router.Cli.Showing;

/// <summary>How far something is, on standard error: a bar for a person, a line now and then for a log.</summary>
internal static class ProgressBar
{
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(5);

    /// <param name="what">What is counted, for example <c>changes</c>.</param>
    /// <param name="work">Is given what to call with how many are done and how many there are.</param>
    public static async Task Show(string what, Func<Action<int, int>, Task> work)
    {
        if (Console.IsErrorRedirected)
        {
            await work(Lines(what));
            return;
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        await console.Progress().AutoClear(true).StartAsync(async context =>
        {
            var task = context.AddTask(what);
            await work((done, total) => (task.MaxValue, task.Value) = (Math.Max(total, 1), done));
        });
    }

    private static Action<int, int> Lines(string what)
    {
        var turn = new Lock();
        var watch = Stopwatch.StartNew();
        return (done, total) =>
        {
            lock (turn)
            {
                if (watch.Elapsed < BetweenLines)
                    return;
                watch.Restart();
                Console.Error.WriteLine($"{Plain.Number(done)} of {Plain.Number(total)} {what}");
            }
        };
    }
}
