using System.CommandLine;
using System.Text.Json.Nodes;
using Router.Cli.Management;
using Router.Cli.Showing;

namespace Router.Cli.Commands;

/// <summary><c>router leads</c>.</summary>
internal static class LeadsCommand
{
    public static Command Make() => new("leads", "Leads, with how they fare at each destination.") { List(), Show() };

    private static Command List()
    {
        var site = Things.SiteOption();
        var find = new Option<string?>("--find")
        {
            Description = "Only those with this in their name, e-mail or phone (for the site's owners), or with this id.",
            HelpName = "TEXT",
        };
        var limit = Limits.Option();
        var command = new Command("list", "Lists a site's, newest first.") { site, find, limit };
        Invocation.Set(command, async run =>
        {
            var leads = await run.Api.List($"sites/{await run.SiteId(site)}/leads", Things.Query(("q", run.Get(find))), run.Get(limit),
                run.Cancellation).ToList();
            run.Output.Json(leads.AsJson());
            run.Output.Table(["ID", "CAME", "NAME", "DESTINATIONS"], leads.Select(lead => new[]
            {
                $"{lead["lead_id"]}", Plain.Time(lead["first_at"]), $"{lead["name"]}", Fares(lead),
            }));
            return ExitCode.Fine;
        });
        return command;
    }

    private static Command Show()
    {
        var id = new Argument<Guid>("LEAD") { Description = "Its id." };
        var site = Things.SiteOption();
        var command = new Command("show", "Shows one with its deliveries.") { id, site };
        Invocation.Set(command, async run =>
        {
            var found = await Found.OnlyLead(run, run.Get(id), run.Get(site));
            var view = await run.Api.Get($"sites/{found.Site}/leads/{found.Lead}", run.Cancellation);
            run.Output.Json(view);
            var lead = view["lead"]!.AsObject();
            run.Output.Fields(
                ("id", $"{lead["lead_id"]}"), ("site", found.SiteName), ("came", Plain.Time(lead["first_at"])),
                ("last message", Plain.Time(lead["last_at"])), ("source", $"{lead["source"]}"), ("name", $"{lead["name"]}"),
                ("e-mail", $"{lead["email"]}"), ("phone", $"{lead["phone"]}"), ("duplicate of", $"{lead["duplicate_of"]}"));
            run.Output.Line();
            DeliveriesCommand.Table(run.Output, view["deliveries"]!.AsArray().Select(delivery => delivery!.AsObject()));
            return ExitCode.Fine;
        });
        return command;
    }

    private static string Fares(JsonObject lead) => string.Join(", ", lead["destinations"]!.AsArray()
        .Select(destination => $"{destination!["destination_name"]}: {destination["state"]}"));
}
