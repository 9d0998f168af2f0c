namespace Router.Cli.Management;

/// <summary>What an id turned out to be.</summary>
/// <param name="Kind"><c>lead</c> or <c>message</c>.</param>
/// <param name="Id">The id.</param>
/// <param name="Site">Whose it is.</param>
/// <param name="SiteName">What that is called.</param>
/// <param name="Lead">The lead that it is, or that it is about.</param>
internal sealed record Found(string Kind, Guid Id, Guid Site, string SiteName, Guid? Lead)
{
    /// <summary>A lead or a message.</summary>
    /// <exception cref="UsageException">It is neither, or of several sites.</exception>
    public static async Task<Found> LeadOrMessage(Invocation run, Guid id, string? site)
    {
        var (answer, only) = (await run.Api.Get($"find?id={id}", run.Cancellation), site is null ? null : await run.Site(site));
        var all = answer["items"]!.AsArray().Select(item => item!.AsObject()).ToList();
        var found = all.Where(item => item["kind"]!.ToString() is "lead" or "message")
            .Where(item => only is null || item["site_id"]!.GetValue<Guid>() == Things.Id(only)).ToList();
        return found switch
        {
            [var one] => new Found(
                one["kind"]!.ToString(), id, one["site_id"]!.GetValue<Guid>(), one["site_name"]!.ToString(),
                one["lead_id"]?.GetValue<Guid>()),
            [] when all.Count > 0 => throw new UsageException(
                $"{id} is the id of a {all[0]["kind"]}: give the id of a lead or message."),
            [] => throw new UsageException(
                $"No lead and no message has the id {id}, at any site that this account sees. Either it was refused (its sender was told "
                + "why; the site's page Refused leads keeps it for a while), or it is older than the router keeps leads, or it came within "
                + "the last seconds, or while RabbitMQ or Postgres is away: then it waits and shows up later."),
            _ => throw new UsageException($"Leads of several sites have this id: name the site with --site. "
                + string.Join(", ", found.Select(item => $"{item["site_id"]} ({item["site_name"]})"))),
        };
    }

    /// <summary>A lead, also by the id of a message about it.</summary>
    /// <exception cref="UsageException">It is none.</exception>
    public static async Task<Found> OnlyLead(Invocation run, Guid id, string? site)
    {
        var found = await LeadOrMessage(run, id, site);
        return found.Lead is null ? throw new UsageException($"{id} is a message that is about no lead.") : found;
    }
}
