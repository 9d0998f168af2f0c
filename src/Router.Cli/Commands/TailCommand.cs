using System.CommandLine;
using System.Text.Json.Nodes;
using Router.Cli.Management;
using Router.Cli.Showing;

namespace Router.Cli.Commands;

/// <summary><c>router deliveries tail</c>: follows what happens.</summary>
internal static class TailCommand
{
    // How far back a change of a delivery is still seen.
    private const int Watched = 200;

    public static Command Make()
    {
        var (site, state, destination) = (Things.SiteOption(), DeliveriesCommand.StateOption(), Things.DestinationOption());
        var last = new Option<int>("--last") { Description = "How many to begin with.", DefaultValueFactory = _ => 10, HelpName = "N" };
        var interval = new Option<double>("--interval")
        {
            Description = "Seconds between two looks.", DefaultValueFactory = _ => 1, HelpName = "SECONDS",
        };
        var command = new Command("tail", "Follows a site's: a line for each that comes or changes, until Ctrl+C.")
        {
            site, state, destination, last, interval,
        };
        Invocation.Set(command, async run =>
        {
            if (run.Get(interval) is not (>= 0.1 and <= 3600))
                throw new UsageException("--interval must be between 0.1 and 3600 seconds.");

            var id = await run.SiteId(site);
            var query = Things.Query(
                ("state", run.Get(state)),
                ("destination", run.Get(destination) is { } named ? $"{Things.Id(await run.Destination(id, named))}" : null));
            await Follow(run, $"sites/{id}/deliveries", query, run.Get(last), TimeSpan.FromSeconds(run.Get(interval)));
            return ExitCode.Fine;
        });
        return command;
    }

    private static async Task Follow(Invocation run, string path, string query, int last, TimeSpan interval)
    {
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        var isFirst = true;
        while (true)
        {
            List<JsonObject> rows;
            try
            {
                rows = await run.Api.List(path, query, Watched, run.Cancellation).ToList();
            }
            catch (UnreachableException) when (!isFirst)
            {
                // A router that is just being restarted comes back.
                await Task.Delay(interval, run.Cancellation);
                continue;
            }

            // Oldest first.
            rows.Reverse();
            var news = rows.Where(row => seen.GetValueOrDefault(Key(row)) != Stage(row)).ToList();
            foreach (var row in isFirst ? news.TakeLast(Math.Max(last, 0)) : news)
                Write(run.Output, row);
            seen = rows.ToDictionary(Key, Stage, StringComparer.Ordinal);
            isFirst = false;
            await Task.Delay(interval, run.Cancellation);
        }
    }

    private static void Write(Output output, JsonObject row)
    {
        output.JsonLine(row);
        output.Line(string.Join('\t', DeliveriesCommand.Row(row)));
    }

    private static string Key(JsonObject row) => $"{row["event_id"]}.{row["destination_id"]}";

    private static string Stage(JsonObject row) => $"{row["state"]}.{row["attempts"]}";
}
