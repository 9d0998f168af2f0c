using System.CommandLine;
using Router.Cli.Management;
using Router.Cli.Showing;

namespace Router.Cli.Commands;

/// <summary><c>router sites</c>.</summary>
internal static class SitesCommand
{
    public static Command Make() => new("sites", "Sites that this account sees. Files configure them: see apply.") { List(), Show() };

    private static Command List()
    {
        var find = new Option<string?>("--find") { Description = "Only those with this in their name or domain.", HelpName = "TEXT" };
        var limit = Limits.Option();
        var command = new Command("list", "Lists them.") { find, limit };
        Invocation.Set(command, async run =>
        {
            var sites = await run.Api.List(
                "sites", Things.Query(("q", run.Get(find))), run.Get(limit), run.Cancellation).ToList();
            run.Output.Json(sites.AsJson());
            run.Output.Table(["ID", "NAME", "DOMAIN"],
                sites.Select(site => new[] { $"{site["id"]}", $"{site["name"]}", $"{site["domain"]}" }));
            return ExitCode.Fine;
        });
        return command;
    }

    private static Command Show()
    {
        var named = new Argument<string>("SITE") { Description = "Its id, name or domain." };
        var command = new Command("show", "Shows one with its destinations and senders.") { named };
        Invocation.Set(command, async run =>
        {
            var site = await run.Site(run.Get(named));
            var id = Things.Id(site);
            var destinations = await run.Api.List($"sites/{id}/destinations", cancellationToken: run.Cancellation).ToList();
            var senders = (await run.Api.Get($"sites/{id}/senders", run.Cancellation))["items"]!.AsArray()
                .Where(sender => sender!["is_let_in"]?.GetValue<bool>() is true).Select(sender => $"{sender!["username"]}").ToArray();
            site["destinations"] = destinations.AsJson();
            site["senders"] = new System.Text.Json.Nodes.JsonArray([.. senders.Select(sender => (System.Text.Json.Nodes.JsonNode)sender)]);
            run.Output.Json(site);
            run.Output.Fields(
                ("id", $"{site["id"]}"), ("name", $"{site["name"]}"), ("domain", $"{site["domain"]}"),
                ("login url", $"{site["login_url_template"]}"), ("go-live check required", Plain.Value(site["require_proven"])),
                ("senders", string.Join(", ", senders)));
            run.Output.Line();
            DestinationsCommand.Table(run.Output, destinations);
            return ExitCode.Fine;
        });
        return command;
    }
}
