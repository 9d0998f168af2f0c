using System.CommandLine;
using System.Text.Json.Nodes;
using Router.Cli.Management;
using Router.Cli.Showing;

namespace Router.Cli.Commands;

/// <summary><c>router destinations</c>.</summary>
internal static class DestinationsCommand
{
    private static readonly string[] Known = ["id", "kind", "name", "url", "partner_id", "active", "signature", "integration_id"];

    public static Command Make() => new("destinations", "A site's destinations. Files configure them: see apply.")
    {
        List(), Show(),
        Change("on", "Switches one on: it gets leads from now on.", "active", true),
        Change("off", "Switches one off: it gets no more leads, and what waits for it is canceled.", "active", false),
        Change("pause", "Holds what one should get, until it is resumed.", "paused", true),
        Change("resume", "Sends what one was kept from, and goes on.", "paused", false),
    };

    /// <summary>A list of them.</summary>
    public static void Table(Output output, IEnumerable<JsonObject> destinations) => output.Table(
        ["ID", "NAME", "KIND", "STATE", "URL"],
        destinations.Select(one => new[] { $"{one["id"]}", $"{one["name"]}", $"{one["kind"]}", State(one), $"{one["url"]}" }));

    private static Command List()
    {
        var site = Things.SiteOption();
        var command = new Command("list", "Lists them.") { site };
        Invocation.Set(command, async run =>
        {
            var destinations = await run.Api.List(
                $"sites/{await run.SiteId(site)}/destinations", cancellationToken: run.Cancellation).ToList();
            run.Output.Json(destinations.AsJson());
            Table(run.Output, destinations);
            return ExitCode.Fine;
        });
        return command;
    }

    private static Command Show()
    {
        var site = Things.SiteOption();
        var named = Named();
        var command = new Command("show", "Shows one with its settings; its secrets nobody can read.") { named, site };
        Invocation.Set(command, async run =>
        {
            Show(run.Output, await run.Destination(await run.SiteId(site), run.Get(named)));
            return ExitCode.Fine;
        });
        return command;
    }

    private static Command Change(string name, string description, string field, bool value)
    {
        var site = Things.SiteOption();
        var named = Named();
        var command = new Command(name, description) { named, site };
        Invocation.Set(command, async run =>
        {
            var id = await run.SiteId(site);
            var destination = await run.Destination(id, run.Get(named));
            var changed = await run.Api.Send(
                HttpMethod.Patch, $"sites/{id}/destinations/{Things.Id(destination)}", new JsonObject { [field] = value },
                run.Cancellation);
            run.Output.Json(changed!);
            run.Output.Line($"{changed!["name"]} is {State(changed.AsObject())}.");
            if (changed["canceled_deliveries"] is { } canceled && canceled.GetValue<int>() > 0)
                run.Output.Line($"{canceled} deliveries that waited for it were canceled; router replays start --missed sends them.");
            return ExitCode.Fine;
        });
        return command;
    }

    private static void Show(Output output, JsonObject destination)
    {
        output.Json(destination);
        output.Fields([
            ("id", $"{destination["id"]}"), ("name", $"{destination["name"]}"), ("kind", $"{destination["kind"]}"),
            ("state", State(destination)), ("url", $"{destination["url"]}"), ("partner id", $"{destination["partner_id"]}"),
            ("signature", $"{destination["signature"]}"),
            .. destination.Where(field => !Known.Contains(field.Key, StringComparer.Ordinal) && !IsEmpty(field.Value))
                .Select(field => (field.Key.Replace('_', ' '), Plain.Value(field.Value)))]);
    }

    private static bool IsEmpty(JsonNode? value) => value is null or JsonArray { Count: 0 };

    private static string State(JsonObject destination) =>
        destination["active"]?.GetValue<bool>() is not true ? destination["inactive_reason"] is null ? "off" : "off (by the router)"
        : destination["paused_at"] is null ? "on"
        : $"paused by {(destination["paused_by"]?.ToString() == "router" ? "the router" : "its owner")}";

    private static Argument<string> Named() => new("DESTINATION") { Description = "Its id or name." };
}
