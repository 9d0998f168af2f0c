using System.CommandLine;
using System.Text.Json.Nodes;
using Router.Cli.Management;
using Router.Cli.Showing;
using Spectre.Console;

namespace Router.Cli.Commands;

/// <summary><c>router test</c>: sends a test lead.</summary>
internal static class TestCommand
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public static Command Make()
    {
        var named = new Argument<string>("DESTINATION") { Description = "Its id or name." };
        var site = Things.SiteOption();
        var goLive = new Option<bool>("--go-live")
        {
            Description = "The go-live check: the same lead twice, and one with a wrong signature, which a good receiver refuses.",
        };
        var command = new Command("test", "Sends a destination a test lead, and says what it answered. Fails when the test does.")
        {
            named, site, goLive,
        };
        Invocation.Set(command, async run =>
        {
            var id = await run.SiteId(site);
            var path = $"sites/{id}/destinations/{Things.Id(await run.Destination(id, run.Get(named)))}/checks";
            var started = await run.Api.Send(
                HttpMethod.Post, path, new JsonObject { ["go_live"] = run.Get(goLive) }, run.Cancellation);
            var check = await Wait(run, $"{path}/{started!["id"]}");
            run.Output.Json(check);
            Write(run.Output, check);
            return check["passed"]!.GetValue<bool>() ? ExitCode.Fine : ExitCode.Failed;
        });
        return command;
    }

    private static async Task<JsonObject> Wait(Invocation run, string path)
    {
        var until = TimeProvider.System.GetUtcNow() + Patience;
        while (true)
        {
            var check = await run.Api.Get(path, run.Cancellation);
            if (check["finished"]!.GetValue<bool>() || TimeProvider.System.GetUtcNow() > until)
                return check;
            await Task.Delay(BetweenLooks, run.Cancellation);
        }
    }

    private static void Write(Output output, JsonObject check)
    {
        foreach (var step in check["steps"]!.AsArray())
        {
            foreach (var attempt in step!["attempts"]!.AsArray())
            {
                output.Line($"{step["test"]!.ToString().Replace('_', ' ')}: {attempt!["summary"]}, "
                    + $"{attempt["attempt"]!["duration_ms"]!.GetValue<double>():0} ms");
                if (attempt["advice"] is { } advice)
                    output.Line($"  {advice}");
            }
        }

        if (check["passed"]!.GetValue<bool>())
            output.Line("Passed.", Color.Green);
        else
            output.Line(
                check["finished"]!.GetValue<bool>() ? "Failed." : "Not finished within five minutes: does a worker run?", Color.Red);
    }
}
