using System.Text.Json.Nodes;
using Router.Cli.Management;

namespace Router.Cli.Configuration;

/// <summary>Compares what should be with what is: products and the catalogue here, sites in <see cref="SitePlanner"/>.</summary>
internal sealed class Planner(WantedAll wanted, Present present, SecretValues secrets, bool prune, NewCredentials credentials)
{
    private readonly Plan _plan = new();

    public async Task<Plan> Make(Invocation run)
    {
        foreach (var integration in wanted.Integrations)
        {
            if (present.Integrations.TryGetValue(integration.Text("name")!, out var there))
                secrets.Ask(integration, "integration", $"{there["id"]}");
        }

        foreach (var product in wanted.Products.Where(product => present.Products.ContainsKey(product.Text("username")!)))
            secrets.Ask(product, "product", product.Text("username")!);
        var sites = new SitePlanner(_plan, wanted, present, secrets, prune, credentials);
        sites.Ask();
        await secrets.Compare(run);

        _plan.Phases.Add([.. wanted.Integrations.Select(Integration)]);
        _plan.Phases.Add([.. wanted.Products.Select(Product)]);
        _plan.Phases.AddRange(sites.Plan());
        return _plan;
    }

    private List<Step> Integration(Wanted integration)
    {
        var name = integration.Text("name")!;
        var there = present.Integrations.GetValueOrDefault(name);
        var difference = Difference.Of(integration, there, "headers", "name");
        DestinationDifference.AddSecret(difference, integration, secrets, "secret", there is null);
        DestinationDifference.AddHeaders(difference, integration, there, secrets, isElsewhere: difference.Request.ContainsKey("url"));
        if (there is null)
        {
            _plan.Need(integration, secrets, "secret");
            difference.Request["name"] = name;
            if (integration.Text("partner_id_label") is { } label)
                difference.Request["partner_id_label"] = label;
            return [new Step(StepKind.Add, "integration", name, integration, difference.Fields, async run =>
            {
                var made = await run.Api.Send(HttpMethod.Post, "integrations", difference.Request, run.Cancellation);
                lock (present.Integrations)
                    present.Integrations[name] = made!.AsObject();
            })];
        }

        return _plan.IfAny(difference, new Step(StepKind.Change, "integration", name, integration, difference.Fields, run =>
            run.Api.Send(HttpMethod.Patch, $"integrations/{there["id"]}", difference.Request, run.Cancellation)));
    }

    private List<Step> Product(Wanted product)
    {
        var username = product.Text("username")!;
        var there = present.Products.GetValueOrDefault(username);
        if (there is not null && product.Fields["is_lead_manager"] is { } flag
            && !Canonical.AreSame("is_lead_manager", flag, there["is_lead_manager"]))
        {
            _plan.Problems.Add(new Problem(
                product.PlaceOf("is_lead_manager"), $"What {username} is can't be changed: add another product."));
            return [];
        }

        var difference = Difference.Of(product, there, "username", "is_lead_manager");
        DestinationDifference.AddSecret(difference, product, secrets, "password", there is null);
        if (there is not null)
            return _plan.IfAny(difference, new Step(StepKind.Change, "product", username, product, difference.Fields, run =>
                run.Api.Send(HttpMethod.Patch, $"products/{Uri.EscapeDataString(username)}", difference.Request, run.Cancellation)));

        if (product.Secrets.ContainsKey("password"))
            _plan.Need(product, secrets, "password");
        else if (!credentials.CanBeKept)
            _plan.Problems.Add(new Problem(product.Place,
                $"{username} is new and has no 'password': refer to one, "
                + "or say with --credentials in which file to put the one that is made."));
        return [new Step(StepKind.Add, "product", username, product, difference.Fields, run =>
            Add(run, username, product, difference.Request))];
    }

    private async Task Add(Invocation run, string username, Wanted product, JsonObject fields)
    {
        var request = new JsonObject { ["username"] = username, ["is_lead_manager"] = product.Fields["is_lead_manager"]?.DeepClone() };
        foreach (var field in new[] { "display_name", "password" })
            request[field] = fields[field]?.DeepClone();
        var made = await run.Api.Send(HttpMethod.Post, "products", request, run.Cancellation);
        if (made!["password"]?.ToString() is { } password)
            credentials.Keep($"{username}: {password}");
        if ((fields["description"] ?? fields["offered"]) is not null)
            await run.Api.Send(HttpMethod.Patch, $"products/{Uri.EscapeDataString(username)}", new JsonObject
            {
                ["description"] = fields["description"]?.DeepClone(), ["offered"] = fields["offered"]?.DeepClone(),
            }, run.Cancellation);
    }
}

/// <summary>What planning says often.</summary>
internal static class Planning
{
    /// <summary>A new thing can't do without this secret.</summary>
    public static void Need(this Plan plan, Wanted wanted, SecretValues secrets, string path)
    {
        if (!wanted.Secrets.TryGetValue(path, out var reference))
            plan.Problems.Add(new Problem(wanted.Place, $"It is new, and needs its '{path}': {{env: NAME}} or {{file: PATH}}."));
        else if (secrets.Of(wanted, path) is null)
            plan.Problems.Add(new Problem(reference.Place, $"It is new, and its '{path}' isn't there: {reference}."));
    }

    /// <summary>The step, where there is anything to change.</summary>
    public static List<Step> IfAny(this Plan plan, Difference difference, Step step)
    {
        if (!difference.IsEmpty)
            return [step];

        plan.Unchanged++;
        return [];
    }
}
