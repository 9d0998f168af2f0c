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
        Rotate(), Finish(), Networks(),
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
                ("lead manager", Plain.Value(product["is_lead_manager"])), ("on offer", Plain.Value(product["offered"])),
                ("password since", Plain.Time(product["password_changed_at"])),
                ("used last", product["password_used_at"] is { } used ? Plain.Time(used) : "not yet"),
                ("old password", Old(product)),
                ("sends from", string.Join(", ", product["networks"]!.AsArray().Select(network => $"{network}"))));
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

    private static Command Rotate()
    {
        var username = Username();
        var overlap = new Option<int?>("--overlap")
        {
            Description = "Hours for which the old password lets it in, too. Default: until finish.", HelpName = "HOURS",
        };
        var command = new Command("rotate", "Makes a new password and shows it this once. The old one goes on meanwhile.")
        {
            username, overlap,
        };
        Invocation.Set(command, async run =>
        {
            var made = (await run.Api.Send(
                HttpMethod.Post, $"products/{Uri.EscapeDataString(run.Get(username))}/password/rotation",
                new JsonObject { ["overlap_hours"] = run.Get(overlap) }, run.Cancellation))!.AsObject();
            run.Output.Json(made);
            run.Output.Line($"{made["password"]}");
            Output.Note($"To see whether the old one is still used: router products show {run.Get(username)}");
            return ExitCode.Fine;
        });
        return command;
    }

    private static Command Finish()
    {
        var username = Username();
        var command = new Command("finish", "Ends the old password after a rotation.") { username };
        Invocation.Set(command, async run =>
        {
            await run.Api.Send(
                HttpMethod.Delete, $"products/{Uri.EscapeDataString(run.Get(username))}/password/previous", body: null, run.Cancellation);
            run.Output.Json(new JsonObject { ["product"] = run.Get(username) });
            run.Output.Line($"The old password of {run.Get(username)} has ended.");
            return ExitCode.Fine;
        });
        return command;
    }

    private static Command Networks()
    {
        var username = Username();
        var networks = new Argument<string[]>("NETWORK")
        {
            Description = "Addresses or networks such as 203.0.113.0/24. None: from anywhere.", Arity = ArgumentArity.ZeroOrMore,
        };
        var command = new Command("networks", "Says from where one may send.") { username, networks };
        Invocation.Set(command, async run =>
        {
            var product = (await run.Api.Send(
                HttpMethod.Patch, $"products/{Uri.EscapeDataString(run.Get(username))}",
                new JsonObject { ["networks"] = new JsonArray([.. run.Get(networks).Select(text => JsonValue.Create(text))]) },
                run.Cancellation))!.AsObject();
            run.Output.Json(product);
            var kept = product["networks"]!.AsArray();
            run.Output.Line(kept.Count == 0 ? $"{run.Get(username)} may send from anywhere."
                : $"{run.Get(username)} may send from {string.Join(", ", kept)} and nowhere else.");
            return ExitCode.Fine;
        });
        return command;
    }

    private static string Old(JsonObject product) => !product["has_previous_password"]!.GetValue<bool>() ? ""
        : $"{(product["previous_password_until"] is { } until ? $"until {Plain.Time(until)}" : "until it is ended")}, "
            + (product["previous_password_used_at"] is { } used ? $"used last {Plain.Time(used)}" : "not used");

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
