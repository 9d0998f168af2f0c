using System.CommandLine;
using System.Text.Json.Nodes;
using Router.Cli.Management;
using Router.Cli.Showing;

namespace Router.Cli.Commands;

/// <summary><c>router products</c>: for operators.</summary>
internal static class ProductsCommand
{
    public static Command Make() => new("products", "Systems that send leads, for operators. Files configure them: see apply.")
    {
        List(), Show(),
        Access("allow", "Lets one send for a site.", HttpMethod.Put, "may send for"),
        Access("forbid", "Lets one no longer send for a site.", HttpMethod.Delete, "may no longer send for"),
    };

    private static Command List()
    {
        var limit = Limits.Option();
        var command = new Command("list", "Lists them.") { limit };
        Invocation.Set(command, async run =>
        {
            var products = await run.Api.List("products", most: run.Get(limit), cancellationToken: run.Cancellation).ToList();
            run.Output.Json(products.AsJson());
            run.Output.Table(["USERNAME", "NAME", "SITES", "LEAD MANAGER", "ON OFFER"], products.Select(product => new[]
            {
                $"{product["username"]}", $"{product["display_name"]}", Plain.Number(product["sites"]!.AsArray().Count),
                Plain.Value(product["is_lead_manager"]), Plain.Value(product["offered"]),
            }));
            return ExitCode.Fine;
        });
        return command;
    }

    private static Command Show()
    {
        var username = Username();
        var command = new Command("show", "Shows one with the sites that it may send for.") { username };
        Invocation.Set(command, async run =>
        {
            var product = await Find(run, run.Get(username));
            run.Output.Json(product);
            run.Output.Fields(
                ("username", $"{product["username"]}"), ("name", $"{product["display_name"]}"),
                ("description", $"{product["description"]}"),
                ("lead manager", Plain.Value(product["is_lead_manager"])), ("on offer", Plain.Value(product["offered"])));
            run.Output.Line();
            run.Output.Table(["SITE"], product["sites"]!.AsArray().Select(site => new[] { $"{site}" }));
            return ExitCode.Fine;
        });
        return command;
    }

    private static Command Access(string name, string description, HttpMethod method, string done)
    {
        var username = Username();
        var site = Things.SiteOption();
        var command = new Command(name, description) { username, site };
        Invocation.Set(command, async run =>
        {
            var chosen = await run.Site(run.Get(site));
            await run.Api.Send(
                method, $"products/{Uri.EscapeDataString(run.Get(username))}/sites/{Things.Id(chosen)}", body: null, run.Cancellation);
            run.Output.Json(new JsonObject { ["product"] = run.Get(username), ["site"] = Things.Id(chosen) });
            run.Output.Line($"{run.Get(username)} {done} {chosen["name"]}.");
            return ExitCode.Fine;
        });
        return command;
    }

    private static async Task<JsonObject> Find(Invocation run, string username)
    {
        await foreach (var product in run.Api.List("products", cancellationToken: run.Cancellation))
        {
            if (product["username"]!.ToString() == username)
                return product;
        }

        throw new UsageException($"There is no product '{username}'.");
    }

    private static Argument<string> Username() => new("PRODUCT") { Description = "Its username." };
}
