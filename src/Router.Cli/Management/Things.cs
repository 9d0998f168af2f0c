using System.CommandLine;
using System.Text.Json.Nodes;

namespace Router.Cli.Management;

/// <summary>Finds what somebody names: a site, one of its destinations.</summary>
internal static class Things
{
    private const string SiteVariable = "ROUTER_SITE";

    private const int MostNamed = 8;

    public static Option<string?> SiteOption() => new("--site", "-s")
    {
        Description = "The site: its id, name or domain. Default: ROUTER_SITE, or the only one that this account sees.", HelpName = "SITE",
    };

    public static Option<string?> DestinationOption(string description = "Only this destination: its id or name.") =>
        new("--destination", "-d") { Description = description, HelpName = "DESTINATION" };

    /// <summary>The site that is meant.</summary>
    /// <exception cref="UsageException">None or several fit.</exception>
    public static async Task<JsonObject> Site(this Invocation run, string? named)
    {
        named ??= Environment.GetEnvironmentVariable(SiteVariable);
        if (Guid.TryParse(named, out var id))
            return await run.Api.Get($"sites/{id}", run.Cancellation);

        var found = new List<JsonObject>();
        var query = string.IsNullOrEmpty(named) ? "" : $"?q={Uri.EscapeDataString(named)}";
        await foreach (var site in run.Api.List("sites", query, most: 100, run.Cancellation))
            found.Add(site);
        if (string.IsNullOrEmpty(named))
            return found is [var mine] ? mine
                : throw new UsageException(found.Count == 0
                    ? "This account sees no site." : $"Which site? Name it with --site, or set {SiteVariable}.");

        var exact = found.FindAll(site => Is(site, "name", named) || Is(site, "domain", named));
        return (exact.Count > 0 ? exact : found) switch
        {
            [var one] => one,
            [] => throw new UsageException($"No site is called '{named}'."),
            var several => throw new UsageException(
                $"'{named}' fits several sites: name one by its id. {string.Join(", ", several.Take(MostNamed)
                    .Select(site => $"{site["id"]} ({site["name"]})"))}{(several.Count > MostNamed ? ", …" : "")}"),
        };
    }

    /// <summary>Its id.</summary>
    public static async Task<Guid> SiteId(this Invocation run, Option<string?> option) =>
        Guid.TryParse(run.Get(option), out var id) ? id : Id(await run.Site(run.Get(option)));

    /// <summary>The destination of the site that is meant.</summary>
    /// <exception cref="UsageException">None fits.</exception>
    public static async Task<JsonObject> Destination(this Invocation run, Guid site, string named)
    {
        if (Guid.TryParse(named, out var id))
            return await run.Api.Get($"sites/{site}/destinations/{id}", run.Cancellation);

        var names = new List<string>();
        await foreach (var destination in run.Api.List($"sites/{site}/destinations", cancellationToken: run.Cancellation))
        {
            if (Is(destination, "name", named))
                return destination;
            names.Add(destination["name"]!.ToString());
        }

        throw new UsageException($"The site has no destination '{named}'. It has: {string.Join(", ", names)}.");
    }

    public static Guid Id(JsonObject thing) => thing["id"]!.GetValue<Guid>();

    /// <summary>A query of what was given.</summary>
    public static string Query(params IEnumerable<(string Name, string? Value)> parts)
    {
        var given = string.Join('&', parts.Where(part => part.Value is not null)
            .Select(part => $"{part.Name}={Uri.EscapeDataString(part.Value!)}"));
        return given.Length == 0 ? "" : $"?{given}";
    }

    private static bool Is(JsonObject thing, string field, string text) =>
        string.Equals(thing[field]?.ToString(), text, StringComparison.OrdinalIgnoreCase);
}
