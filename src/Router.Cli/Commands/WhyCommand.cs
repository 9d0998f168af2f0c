using System.CommandLine;
using System.Text.Json.Nodes;
using Router.Cli.Management;
using Router.Cli.Showing;
using Spectre.Console;

namespace Router.Cli.Commands;

/// <summary><c>router why</c>: what became of a lead or a message, and what to do.</summary>
internal static class WhyCommand
{
    // Of a lead with thousands of messages, what is newest matters.
    private const int Most = 40;

    public static Command Make()
    {
        var id = new Argument<Guid>("ID") { Description = "Of a lead or a message." };
        var site = Things.SiteOption();
        var command = new Command("why", "Says in plain words what became of a lead or a message, and what to do about it.") { id, site };
        Invocation.Set(command, async run =>
        {
            var found = await Found.LeadOrMessage(run, run.Get(id), run.Get(site));
            var lead = found.Kind == "lead"
                ? await run.Api.Get($"sites/{found.Site}/leads/{found.Id}", run.Cancellation) : null;
            var rows = lead?["deliveries"]!.AsArray().Select(row => row!.AsObject()).Take(Most).ToList()
                ?? await run.Api.List($"sites/{found.Site}/deliveries", $"?message={found.Id}", Most, run.Cancellation).ToList();
            var explained = new List<Explanation>();
            foreach (var row in rows)
                explained.Add(await Explain(run, found.Site, row));

            run.Output.Json(ToJson(found, explained, lead));
            Write(run.Output, found, explained, lead);
            return ExitCode.Fine;
        });
        return command;
    }

    private static async Task<Explanation> Explain(Invocation run, Guid site, JsonObject row)
    {
        var delivery = await Deliveries.One(run, site, row);
        var destination = await run.Api.Find($"sites/{site}/destinations/{row["destination_id"]}", run.Cancellation);
        return Explanation.Of(delivery, destination);
    }

    private static JsonObject ToJson(Found found, List<Explanation> explained, JsonObject? lead) => new()
    {
        ["kind"] = found.Kind, ["id"] = found.Id, ["site_id"] = found.Site,
        ["deliveries"] = new JsonArray([.. explained.Select(one => new JsonObject
        {
            ["event_id"] = one.Delivery["event_id"]!.DeepClone(), ["destination_id"] = one.Delivery["destination_id"]!.DeepClone(),
            ["destination_name"] = one.Delivery["destination_name"]!.DeepClone(), ["action"] = one.Delivery["action"]!.DeepClone(),
            ["state"] = one.Delivery["state"]!.DeepClone(), ["why"] = one.What, ["to_do"] = one.ToDo,
        })]),
        ["left_out"] = lead?["left_out"]?.DeepClone() ?? new JsonArray(),
    };

    private static void Write(Output output, Found found, List<Explanation> explained, JsonObject? lead)
    {
        output.Line($"{(found.Kind == "lead" ? "Lead" : "Message")} {found.Id} of {found.SiteName}");
        foreach (var one in explained)
        {
            output.Line();
            output.Line($"{one.Delivery["destination_name"]}: {one.Delivery["state"]} ({one.Delivery["action"]}, message "
                + $"{one.Delivery["event_id"]})", one.NeedsSomebody ? Color.Red : Color.Green);
            output.Line($"  {one.What}");
            if (one.ToDo is not null)
                output.Line($"  To do: {one.ToDo}");
        }

        foreach (var left in lead?["left_out"]?.AsArray() ?? [])
        {
            output.Line();
            output.Line($"{left!["destination_name"]}: not sent");
            output.Line("  The lead doesn't fit this destination's conditions (its filter).");
        }

        if (explained.Count == 0)
        {
            output.Line();
            output.Line("It goes to no destination yet: it was accepted and is on its way, or was meant for none.");
        }
    }
}
