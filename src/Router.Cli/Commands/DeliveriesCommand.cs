using System.CommandLine;
using System.Text.Json.Nodes;
using Router.Cli.Management;
using Router.Cli.Showing;

namespace Router.Cli.Commands;

/// <summary><c>router deliveries</c>.</summary>
internal static class DeliveriesCommand
{
    private static readonly string[] States = ["delivered", "rejected", "retrying", "held", "dead", "canceled"];

    public static Command Make() => new("deliveries", "Deliveries: one for each message and destination.")
    {
        List(), TailCommand.Make(), Show(),
        Again("retry", "Tries one now that is dead or waits."),
        Again("replay", "Sends one again under the same message id, even if it was delivered."),
    };

    /// <summary>A list of them.</summary>
    public static void Table(Output output, IEnumerable<JsonObject> deliveries) => output.Table(
        ["ACCEPTED", "MESSAGE", "ACTION", "DESTINATION", "STATE", "ATTEMPTS", "LAST"], deliveries.Select(Row));

    /// <summary>One of them.</summary>
    public static string[] Row(JsonObject delivery) =>
    [
        Plain.Time(delivery["accepted_at"]), $"{delivery["event_id"]}", $"{delivery["action"]}", $"{delivery["destination_name"]}",
        $"{delivery["state"]}", $"{delivery["attempts"] ?? delivery["attempts_made"]}",
        $"{delivery["last_status"]}{delivery["last_error"]}",
    ];

    public static Option<string?> StateOption()
    {
        var state = new Option<string?>("--state")
        {
            Description = $"Only those that are {string.Join(", ", States)}.", HelpName = "STATE",
        };
        state.AcceptOnlyFromAmong(States);
        return state;
    }

    private static Command List()
    {
        var (site, state, destination) = (Things.SiteOption(), StateOption(), Things.DestinationOption());
        var lead = new Option<Guid?>("--lead") { Description = "Only those of this lead.", HelpName = "ID" };
        var message = new Option<Guid?>("--message") { Description = "Only those of this message.", HelpName = "ID" };
        var status = new Option<int?>("--status") { Description = "Only those whose last answer had this status.", HelpName = "CODE" };
        var error = new Option<string?>("--error") { Description = "Only those that failed with this last, such as timeout." };
        var (from, to) = (Times.Option("--from", "Accepted then or later"), Times.Option("--to", "Accepted before then"));
        var limit = Limits.Option();
        var command = new Command("list", "Lists a site's, newest first.")
        {
            site, state, destination, lead, message, status, error, from, to, limit,
        };
        Invocation.Set(command, async run =>
        {
            var id = await run.SiteId(site);
            var chosen = run.Get(destination) is { } named ? $"{Things.Id(await run.Destination(id, named))}" : null;
            var deliveries = await run.Api.List($"sites/{id}/deliveries", Things.Query(
                ("state", run.Get(state)), ("destination", chosen), ("lead", run.Get(lead)?.ToString()),
                ("message", run.Get(message)?.ToString()), ("status", run.Get(status)?.ToString(null, null)), ("error", run.Get(error)),
                ("from", Times.Text(run.Get(from))), ("to", Times.Text(run.Get(to)))), run.Get(limit), run.Cancellation).ToList();
            run.Output.Json(deliveries.AsJson());
            Table(run.Output, deliveries);
            return ExitCode.Fine;
        });
        return command;
    }

    private static Command Show()
    {
        var (message, destination, site) = (Message(), Things.DestinationOption(), Things.SiteOption());
        var before = new Option<int?>("--before-attempt")
        {
            Description = "The attempts before that one. Default: the latest.", HelpName = "N",
        };
        var command = new Command("show", "Shows what became of a message at each destination, attempt by attempt.")
        {
            message, destination, site, before,
        };
        Invocation.Set(command, async run =>
        {
            var deliveries = await Deliveries.OfMessage(
                run, run.Get(message), run.Get(destination), run.Get(site), run.Get(before));
            run.Output.Json(deliveries.Views.AsJson());
            foreach (var delivery in deliveries.Views)
            {
                Table(run.Output, [delivery]);
                var attempts = delivery["attempts"]!.AsArray();
                run.Output.Table(["ATTEMPT", "BEGAN", "TOOK MS", "RESULT", "ANSWER"], attempts.Select(attempt => new[]
                {
                    $"{attempt!["attempt"]}", Plain.Time(attempt["started_at"]), $"{attempt["duration_ms"]!.GetValue<double>():0.0}",
                    $"{attempt["result"]}", $"{attempt["summary"]}",
                }));
                // A router of before has no such field: it shows them all.
                if (delivery["attempts_left_out"]?.GetValue<int>() is > 0 and var leftOut)
                    run.Output.Line($"There are {leftOut} more before these: --before-attempt {attempts[0]!["attempt"]}");
            }

            return ExitCode.Fine;
        });
        return command;
    }

    private static Command Again(string name, string description)
    {
        var (message, site) = (Message(), Things.SiteOption());
        var destination = Things.DestinationOption("Only at this destination: its id or name. Default: each that has it.");
        var command = new Command(name, description) { message, destination, site };
        Invocation.Set(command, async run =>
        {
            var deliveries = await Deliveries.OfMessage(run, run.Get(message), run.Get(destination), run.Get(site));
            var sent = new List<JsonObject>();
            foreach (var delivery in deliveries.Views)
            {
                var path = $"sites/{deliveries.Site}/deliveries/{delivery["event_id"]}/{delivery["destination_id"]}/{name}";
                var answer = await run.Api.Send(HttpMethod.Post, path, body: null, run.Cancellation);
                sent.Add(answer!.AsObject());
                run.Output.Line($"{delivery["destination_name"]} gets it again.");
            }

            run.Output.Json(sent.AsJson());
            return ExitCode.Fine;
        });
        return command;
    }

    private static Argument<Guid> Message() => new("MESSAGE") { Description = "Its id, as receivers see it." };
}
