using System.CommandLine;
using System.Text.Json.Nodes;
using Router.Cli.Management;
using Router.Cli.Showing;

namespace Router.Cli.Commands;

/// <summary><c>router deliveries tail</c>: follows what happens.</summary>
internal static class TailCommand
{
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
            var changes = new ChangedDeliveries(run.Api, $"sites/{id}/deliveries", [
                ("state", run.Get(state)),
                ("destination", run.Get(destination) is { } named ? $"{Things.Id(await run.Destination(id, named))}" : null)]);
            await Follow(run, changes, Math.Max(run.Get(last), 0), TimeSpan.FromSeconds(run.Get(interval)));
            return ExitCode.Fine;
        });
        return command;
    }

    private static async Task Follow(Invocation run, ChangedDeliveries changes, int last, TimeSpan interval)
    {
        var (isFirst, isTold) = (true, false);
        while (true)
        {
            try
            {
                var news = await changes.Look(isFirst ? last : 0, run.Cancellation);
                foreach (var row in isFirst ? news.TakeLast(last) : news)
                    Write(run.Output, row);
                isFirst = false;
            }
            catch (UnreachableException) when (!isFirst)
            {
                // A router that is just being restarted comes back.
            }

            if (changes.HasLeftOut && !isTold)
                Output.Note("More comes or waits than tail follows: some of it is left out. router deliveries list has all.");
            isTold = changes.HasLeftOut;
            await Task.Delay(interval, run.Cancellation);
        }
    }

    private static void Write(Output output, JsonObject row)
    {
        output.JsonLine(row);
        output.Line(string.Join('\t', DeliveriesCommand.Row(row)));
    }
}
