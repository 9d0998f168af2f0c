using System.CommandLine;
using System.Text.Json.Nodes;
using Router.Cli.Management;
using Router.Cli.Showing;
using Spectre.Console;

namespace Router.Cli.Commands;

/// <summary><c>router statement</c>: what became of every lead.</summary>
internal static class StatementCommand
{
    private static readonly string[] Counts =
        ["received", "delivered", "rejected", "retrying", "held", "dead", "canceled", "skipped", "missing"];

    public static Command Make()
    {
        var (site, destination) = (Things.SiteOption(), Things.DestinationOption());
        var (from, to) = (Times.Option("--from", "Accepted then or later; default 24h"), Times.Option("--to", "Accepted before then"));
        var hourly = new Option<bool>("--by-hour") { Description = "A row for each hour." };
        var command = new Command(
            "statement", "Says what became of every lead of a site: the numbers of each row add up. Fails when they don't.")
        {
            site, destination, from, to, hourly,
        };
        Invocation.Set(command, async run =>
        {
            var id = await run.SiteId(site);
            var statement = await run.Api.Get($"sites/{id}/statement" + Things.Query(
                ("destination", run.Get(destination) is { } named ? $"{Things.Id(await run.Destination(id, named))}" : null),
                ("from", Times.Text(run.Get(from))), ("to", Times.Text(run.Get(to))), ("by", run.Get(hourly) ? "hour" : null)),
                run.Cancellation);
            run.Output.Json(statement);
            Write(run.Output, statement, run.Get(hourly));
            return statement["balanced"]!.GetValue<bool>() ? ExitCode.Fine : ExitCode.Failed;
        });
        return command;
    }

    private static void Write(Output output, JsonObject statement, bool hourly)
    {
        output.Line($"From {Plain.Time(statement["from"])} to {Plain.Time(statement["to"])}");
        string[] first = hourly ? ["HOUR", "DESTINATION"] : ["DESTINATION"];
        output.Table([.. first, .. Counts.Select(count => count.ToUpperInvariant())], statement["rows"]!.AsArray().Select(row =>
            (string[])[.. hourly ? [Plain.Time(row!["hour"])] : (string[])[], $"{row!["destination_name"]}",
                .. Counts.Select(count => Plain.Number(row[count]!.GetValue<long>()))]));
        if (statement["set_aside"]!.GetValue<long>() is > 0 and var aside)
            output.Line($"{Plain.Number(aside)} accepted messages are set aside and wait for an operator.", Color.Yellow);
        if (statement["balanced"]!.GetValue<bool>())
            output.Line("Every lead is accounted for.");
        else
            output.Line("The numbers don't add up, or something is missing: tell the operators of this router.", Color.Red);
    }
}
