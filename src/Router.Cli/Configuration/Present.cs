using System.Text.Json.Nodes;
using Router.Cli.Management;

namespace Router.Cli.Configuration;

/// <summary>What the router has.</summary>
internal sealed class Present
{
    /// <summary>By id.</summary>
    public Dictionary<Guid, JsonObject> Sites { get; } = [];

    /// <summary>By site.</summary>
    public Dictionary<Guid, List<JsonObject>> Destinations { get; } = [];

    /// <summary>By name.</summary>
    public Dictionary<string, JsonObject> Integrations { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>By username.</summary>
    public Dictionary<string, JsonObject> Products { get; } = new(StringComparer.Ordinal);

    /// <summary>Who may send, by site.</summary>
    public Dictionary<Guid, HashSet<string>> Senders { get; } = [];

    /// <summary>Who sees it, by site: e-mail to account and role.</summary>
    public Dictionary<Guid, Dictionary<string, (Guid Account, string Role)>> People { get; } = [];

    public static async Task<Present> Read(Invocation run)
    {
        var present = new Present();
        await foreach (var site in run.Api.List("sites", cancellationToken: run.Cancellation))
            present.Sites[Things.Id(site)] = site;
        await foreach (var row in run.Api.List("destinations", cancellationToken: run.Cancellation))
            Of(present.Destinations, row["site_id"]!.GetValue<Guid>()).Add(row["destination"]!.AsObject());
        await foreach (var integration in run.Api.List("integrations", cancellationToken: run.Cancellation))
            present.Integrations[integration["name"]!.ToString()] = integration;
        await foreach (var product in run.Api.List("products", cancellationToken: run.Cancellation))
            present.Add(product);
        await foreach (var account in run.Api.List("accounts", cancellationToken: run.Cancellation))
            present.AddPeople(account);
        return present;
    }

    public string? IntegrationName(Guid? id) =>
        id is null ? null : Integrations.FirstOrDefault(integration => Things.Id(integration.Value) == id).Key;

    private void Add(JsonObject product)
    {
        var username = product["username"]!.ToString();
        Products[username] = product;
        foreach (var site in product["sites"]!.AsArray())
            Of(Senders, site!.GetValue<Guid>()).Add(username);
    }

    private void AddPeople(JsonObject account)
    {
        if (account["disabled_at"] is not null)
            return;

        var viewed = account["viewer_of"]!.AsArray().Select(site => site!.GetValue<Guid>()).ToHashSet();
        foreach (var site in account["sites"]!.AsArray().Select(site => site!.GetValue<Guid>()))
            Of(People, site)[account["email"]!.ToString()] = (Things.Id(account), viewed.Contains(site) ? "viewer" : "owner");
    }

    private static T Of<T>(Dictionary<Guid, T> things, Guid site)
        where T : new()
    {
        if (!things.TryGetValue(site, out var found))
            things[site] = found = new T();
        return found;
    }
}
