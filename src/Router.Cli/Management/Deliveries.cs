using System.Text.Json.Nodes;

namespace Router.Cli.Management;

/// <summary>The deliveries of a message, each with its attempts.</summary>
/// <param name="Site">Whose they are.</param>
/// <param name="Views">As the API shows each.</param>
internal sealed record Deliveries(Guid Site, List<JsonObject> Views)
{
    /// <exception cref="UsageException">There is no such message, or the destination didn't get it.</exception>
    public static async Task<Deliveries> OfMessage(Invocation run, Guid message, string? destination, string? site)
    {
        var found = await Found.LeadOrMessage(run, message, site);
        if (found.Kind != "message")
            throw new UsageException($"{message} is a lead: router leads show lists its messages.");

        var only = destination is null ? null : await run.Destination(found.Site, destination);
        var deliveries = await Of(run, found.Site, $"?message={message}{(only is null ? "" : $"&destination={Things.Id(only)}")}");
        return deliveries.Views.Count == 0
            ? throw new UsageException("This message has no delivery there: it wasn't meant for it, or is still on its way.") : deliveries;
    }

    /// <summary>Those that a query finds.</summary>
    public static async Task<Deliveries> Of(Invocation run, Guid site, string query)
    {
        var views = new List<JsonObject>();
        await foreach (var row in run.Api.List($"sites/{site}/deliveries", query, cancellationToken: run.Cancellation))
            views.Add(await One(run, site, row));
        return new Deliveries(site, views);
    }

    /// <summary>With its attempts.</summary>
    public static Task<JsonObject> One(Invocation run, Guid site, JsonObject row) =>
        run.Api.Get($"sites/{site}/deliveries/{row["event_id"]}/{row["destination_id"]}", run.Cancellation);
}
