using System.Text.Json.Nodes;

namespace Router.Cli.Management;

/// <summary>The deliveries of a message, each with its attempts.</summary>
/// <param name="Site">Whose they are.</param>
/// <param name="Views">As the API shows each.</param>
internal sealed record Deliveries(Guid Site, List<JsonObject> Views)
{
    /// <exception cref="UsageException">There is no such message, or the destination didn't get it.</exception>
    /// <param name="run">This run.</param>
    /// <param name="message">Which.</param>
    /// <param name="destination">Only there; null for everywhere.</param>
    /// <param name="site">Whose it is; null where it is to be found.</param>
    /// <param name="beforeAttempt">With the attempts before that one; null for the latest.</param>
    public static async Task<Deliveries> OfMessage(
        Invocation run, Guid message, string? destination, string? site, int? beforeAttempt = null)
    {
        var found = await Found.LeadOrMessage(run, message, site);
        if (found.Kind != "message")
            throw new UsageException($"{message} is a lead: router leads show lists its messages.");

        var only = destination is null ? null : await run.Destination(found.Site, destination);
        var deliveries = await Of(
            run, found.Site, $"?message={message}{(only is null ? "" : $"&destination={Things.Id(only)}")}", beforeAttempt);
        return deliveries.Views.Count == 0
            ? throw new UsageException("This message has no delivery there: it wasn't meant for it, or is still on its way.") : deliveries;
    }

    /// <summary>Those that a query finds.</summary>
    private static async Task<Deliveries> Of(Invocation run, Guid site, string query, int? beforeAttempt)
    {
        var views = new List<JsonObject>();
        await foreach (var row in run.Api.List($"sites/{site}/deliveries", query, cancellationToken: run.Cancellation))
            views.Add(await One(run, site, row, beforeAttempt));
        return new Deliveries(site, views);
    }

    /// <summary>With its latest attempts, or the latest before that one.</summary>
    public static Task<JsonObject> One(Invocation run, Guid site, JsonObject row, int? beforeAttempt = null)
    {
        var query = Things.Query(("before_attempt", beforeAttempt?.ToString(null, null)));
        return run.Api.Get($"sites/{site}/deliveries/{row["event_id"]}/{row["destination_id"]}{query}", run.Cancellation);
    }
}
