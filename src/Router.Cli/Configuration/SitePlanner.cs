using System.Text.Json.Nodes;
using Router.Cli.Management;

namespace Router.Cli.Configuration;

/// <summary>What is to be done for sites: each with its Lead Manager, destinations and senders, then people.</summary>
internal sealed class SitePlanner(
    Plan plan, WantedAll wanted, Present present, SecretValues secrets, bool prune, NewCredentials credentials)
{
    /// <summary>Asks about the secrets of what is there.</summary>
    public void Ask()
    {
        foreach (var site in wanted.Sites)
        {
            if (site.LeadManager is not null && LeadManager(site) is { } leadManager)
                secrets.Ask(site.LeadManager, "destination", $"{leadManager["id"]}");
            foreach (var destination in site.Destinations ?? [])
            {
                if (Find(site, destination) is { } there)
                    secrets.Ask(destination, "destination", $"{there["id"]}");
            }
        }
    }

    /// <summary>Sites first. People one after the other: the first of a person's sites invites them.</summary>
    public IEnumerable<List<List<Step>>> Plan() => [[.. wanted.Sites.Select(Site)], [[.. wanted.Sites.SelectMany(People)]]];

    private List<Step> Site(WantedSite site)
    {
        var there = present.Sites.GetValueOrDefault(site.Id);
        var steps = there is null ? New(site) : Changed(site, there);
        foreach (var destination in site.Destinations ?? [])
            steps.AddRange(Destination(site, destination));
        if (site.Destinations is not null)
            steps.AddRange(Others(site));
        steps.AddRange(Senders(site));
        // Last: what the file says is on was proven elsewhere.
        if (there is null && site.Self.Fields["require_proven"]?.GetValue<bool>() is true)
            steps.Add(new Step(StepKind.Change, "site", site.Name, site.Self, [], run => run.Api.Send(
                HttpMethod.Patch, $"sites/{site.Id}", new JsonObject { ["require_proven"] = true }, run.Cancellation)) { IsPart = true });
        return steps;
    }

    private List<Step> New(WantedSite site)
    {
        var difference = Difference.Of(site.Self, null, "id");
        if (site.LeadManager is not { } leadManager)
        {
            plan.Problems.Add(new Problem(site.Self.Place, $"{site.Name} is new, and needs its 'lead_manager'."));
            return [];
        }

        plan.Need(leadManager, secrets, "secret");
        var settings = DestinationDifference.Of(leadManager, null, secrets);
        var request = new JsonObject
        {
            ["id"] = site.Id, ["name"] = site.Self.Text("name"), ["domain"] = site.Self.Text("domain"),
            ["login_url_template"] = site.Self.Text("login_url_template"),
            ["lead_manager"] = new JsonObject
            {
                ["url"] = leadManager.Text("url"), ["partner_id"] = leadManager.Text("partner_id"),
                ["secret"] = settings.Request["secret"]?.DeepClone(),
            },
        };
        // Before its destinations are made, of which it may need many.
        if (site.Self.Fields["limits"] is { } limits)
            request["limits"] = limits.DeepClone();
        foreach (var field in new[] { "url", "partner_id", "secret" })
            settings.Request.Remove(field);
        return [new Step(StepKind.Add, "site", site.Name, site.Self, difference.Fields, async run =>
        {
            await run.Api.Send(HttpMethod.Post, "sites", request, run.Cancellation);
            if (settings.Request.Count == 0)
                return;
            var made = (await run.Api.Get($"sites/{site.Id}/destinations", run.Cancellation))["items"]![0]!["id"];
            await run.Api.Send(HttpMethod.Patch, $"sites/{site.Id}/destinations/{made}", settings.Request, run.Cancellation);
        }) { ComesFirst = true }];
    }

    private List<Step> Changed(WantedSite site, JsonObject there)
    {
        var difference = Difference.Of(site.Self, there, "id");
        var steps = plan.IfAny(difference, new Step(StepKind.Change, "site", site.Name, site.Self, difference.Fields, run =>
            run.Api.Send(HttpMethod.Patch, $"sites/{site.Id}", difference.Request, run.Cancellation)));
        if (site.LeadManager is { } wantedOne && LeadManager(site) is { } leadManager)
            steps.AddRange(Patch(site, wantedOne, leadManager));
        return steps;
    }

    private List<Step> Destination(WantedSite site, Wanted destination)
    {
        var name = destination.Text("name")!;
        if (destination.Text("integration") is { } named && !IsKnown(named))
        {
            plan.Problems.Add(new Problem(
                destination.PlaceOf("integration"), $"The catalogue has no integration '{named}', nor has the file."));
            return [];
        }

        if (Find(site, destination) is { } there)
        {
            var integration = present.IntegrationName(there["integration_id"]?.GetValue<Guid>());
            if (string.Equals(integration, destination.Text("integration"), StringComparison.OrdinalIgnoreCase))
                return Patch(site, destination, there);
            plan.Problems.Add(new Problem(destination.Place,
                $"In the router {name} is {(integration is null ? "a custom API" : $"connected to {integration}")}: "
                + "give this one another name."));
            return [];
        }

        var difference = DestinationDifference.Of(destination, null, secrets);
        if (destination.Text("integration") is null)
            plan.Need(destination, secrets, "secret");
        difference.Request["name"] = name;
        var isPaused = destination.Fields["paused"]?.GetValue<bool>() is true;
        return [new Step(StepKind.Add, "destination", $"{name} of {site.Name}", destination, difference.Fields, async run =>
        {
            if (destination.Text("integration") is { } integration)
                difference.Request["integration_id"] = present.Integrations[integration]["id"]!.DeepClone();
            var made = await run.Api.Send(HttpMethod.Post, $"sites/{site.Id}/destinations", difference.Request, run.Cancellation);
            if (isPaused)
                await run.Api.Send(HttpMethod.Patch, $"sites/{site.Id}/destinations/{made!["id"]}",
                    new JsonObject { ["paused"] = true }, run.Cancellation);
        })];
    }

    private List<Step> Patch(WantedSite site, Wanted destination, JsonObject there)
    {
        var difference = DestinationDifference.Of(destination, there, secrets);
        return plan.IfAny(difference, new Step(
            StepKind.Change, "destination", $"{destination.Text("name") ?? there["name"]!.ToString()} of {site.Name}", destination,
            difference.Fields, run => run.Api.Send(
                HttpMethod.Patch, $"sites/{site.Id}/destinations/{there["id"]}", difference.Request, run.Cancellation)));
    }

    private IEnumerable<Step> Others(WantedSite site)
    {
        var named = site.Destinations!.Select(destination => Find(site, destination)).OfType<JsonObject>().ToHashSet();
        return (present.Destinations.GetValueOrDefault(site.Id) ?? [])
            .Where(there => !IsLeadManager(there) && !named.Contains(there))
            .SelectMany(there => Delete("destination", $"{there["name"]} of {site.Name}", $"sites/{site.Id}/destinations/{there["id"]}"));
    }

    private List<Step> Senders(WantedSite site)
    {
        if (site.Senders is null)
            return [];

        var there = present.Senders.GetValueOrDefault(site.Id) ?? [];
        var steps = new List<Step>();
        foreach (var (username, place) in site.Senders.DistinctBy(sender => sender.Username))
        {
            if (there.Contains(username))
                plan.Unchanged++;
            else if (!present.Products.ContainsKey(username) && !wanted.Products.Exists(product => product.Text("username") == username))
                plan.Problems.Add(new Problem(place, $"There is no product '{username}', neither in the router nor in the file."));
            else
                steps.Add(new Step(StepKind.Add, "sender", $"{username} of {site.Name}", new Wanted(place), [], run =>
                    run.Api.Send(HttpMethod.Put, SenderPath(site, username), null, run.Cancellation)));
        }

        steps.AddRange(there.Except(site.Senders.Select(sender => sender.Username), StringComparer.Ordinal)
            .SelectMany(username => Delete("sender", $"{username} of {site.Name}", SenderPath(site, username))));
        return steps;
    }

    private List<Step> People(WantedSite site)
    {
        if (site.People is null)
            return [];

        var there = present.People.GetValueOrDefault(site.Id) ?? [];
        var steps = new List<Step>();
        foreach (var (email, role, place) in site.People)
        {
            var name = $"{email} of {site.Name}";
            if (!there.TryGetValue(email, out var person))
                steps.Add(new Step(StepKind.Add, "person", name, new Wanted(place), [new FieldChange("role", null, role)], run =>
                    LetIn(run, site, email, role)));
            else if (person.Role != role)
                steps.Add(new Step(StepKind.Change, "person", name, new Wanted(place), [new FieldChange("role", person.Role, role)], run =>
                    run.Api.Send(HttpMethod.Patch, $"sites/{site.Id}/people/{person.Account}", new JsonObject { ["role"] = role },
                        run.Cancellation)));
            else
                plan.Unchanged++;
        }

        steps.AddRange(there.Where(person => !site.People.Any(named => named.Email == person.Key)).SelectMany(person =>
            Delete("person", $"{person.Key} of {site.Name}", $"sites/{site.Id}/people/{person.Value.Account}")));
        return steps;
    }

    private async Task LetIn(Invocation run, WantedSite site, string email, string role)
    {
        var added = await run.Api.Send(
            HttpMethod.Post, $"sites/{site.Id}/people", new JsonObject { ["email"] = email, ["role"] = role }, run.Cancellation);
        if (added!["invitation"]?["path"]?.ToString() is { } link && added["is_mailed"]?.GetValue<bool>() is not true
            && credentials.CanBeKept)
            credentials.Keep($"{email}: {new Uri(RouterAddress.Of(run), link)}");
    }

    private IEnumerable<Step> Delete(string thing, string name, string path)
    {
        if (prune)
            yield return new Step(
                StepKind.Delete, thing, name, null, [], run => run.Api.Send(HttpMethod.Delete, path, null, run.Cancellation));
        else
            plan.Kept.Add($"{thing} {name}");
    }

    private bool IsKnown(string integration) => present.Integrations.ContainsKey(integration)
        || wanted.Integrations.Exists(one => string.Equals(one.Text("name"), integration, StringComparison.OrdinalIgnoreCase));

    private JsonObject? LeadManager(WantedSite site) => present.Destinations.GetValueOrDefault(site.Id)?.Find(IsLeadManager);

    private JsonObject? Find(WantedSite site, Wanted destination)
    {
        var all = present.Destinations.GetValueOrDefault(site.Id)?.FindAll(there => !IsLeadManager(there)) ?? [];
        return all.Find(there => IsCalled(there, destination.Text("name")))
            ?? all.Find(there => IsCalled(there, destination.Text("renamed_from")));
    }

    private static bool IsCalled(JsonObject there, string? name) =>
        string.Equals(there["name"]!.ToString(), name, StringComparison.OrdinalIgnoreCase);

    private static bool IsLeadManager(JsonObject destination) => destination["kind"]!.ToString() == "lead_manager";

    private static string SenderPath(WantedSite site, string username) => $"products/{Uri.EscapeDataString(username)}/sites/{site.Id}";
}
