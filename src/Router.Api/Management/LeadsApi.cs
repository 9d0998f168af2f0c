using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Core.Deliveries;
using Router.Core.Leads;
using Router.Core.Search;

namespace Router.Api.Management;

/// <summary>A lead with each of its deliveries, newest first.</summary>
/// <param name="Lead">The lead.</param>
/// <param name="Deliveries">Newest first.</param>
/// <param name="LeftOut">Where it didn't go because it didn't fit the destination's conditions.</param>
internal sealed record LeadView(FoundLead Lead, IReadOnlyList<DeliveryRow> Deliveries, IReadOnlyList<LeftOutDestination> LeftOut);

/// <summary>A destination whose conditions a message didn't fit.</summary>
internal sealed record LeftOutDestination(Guid EventId, Guid DestinationId, string DestinationName);

/// <summary>A site's leads: for its owners with who they are, for operators without.</summary>
internal static class LeadsApi
{
    private const int MostDeliveries = 500;

    public static void MapLeads(this RouteGroupBuilder api)
    {
        var leads = api.MapGroup("/sites/{site:uuid}/leads").RequireAuthorization(RouterAuthentication.SitePolicy);
        leads.MapGet("", List).WithName("listLeads")
            .WithSummary("A site's leads, newest first; q finds them by name, e-mail, phone or id")
            .Produces<Page<FoundLead>>().ProducesProblem(404).ProducesValidationProblem(422);
        leads.MapGet("/{lead:uuid}", Get).WithName("getLead").WithSummary("One lead with its deliveries")
            .Produces<LeadView>().ProducesProblem(404);
    }

    private static async Task<IResult> List(
        Guid site, string? q, string? cursor, int? limit, LeadSearch search, DeliveryHistory history, HttpContext context,
        CancellationToken cancellationToken)
    {
        var problems = new FieldProblems();
        var after = Guid.Empty;
        if (cursor is not null && !Uuids.TryParse(cursor, out after))
            problems.Add("cursor", "'cursor' is not one that this list gave out.");
        var mayKnow = context.Account().MaySeeLeads(site);
        if (!mayKnow && !string.IsNullOrWhiteSpace(q) && !Uuids.TryParse(q, out _))
            problems.Add("q", "'q' must be the id of a lead or message: only the site's owners can search by name.");
        if (problems.Any)
            return Problems.Invalid(problems);

        var take = Paging.Limit(limit);
        var rows = await search.Newest(site, q, mayKnow, cursor is null ? null : after, take + 1, cancellationToken);
        if (rows.Count == 0 && !await history.HasSite(site, cancellationToken))
            return Problems.NoSuch("site");
        return TypedResults.Ok(Page<FoundLead>.Of(rows, take, lead => lead.LeadId.ToString("N")));
    }

    private static async Task<IResult> Get(
        Guid site, Guid lead, LeadSearch search, DeliveryHistory history, HttpContext context, CancellationToken cancellationToken)
    {
        var mayKnow = context.Account().MaySeeLeads(site);
        if (await search.Find(site, lead, mayKnow, cancellationToken) is not { } found)
            return Problems.NoSuch("lead");

        var deliveries = await history.Newest(
            site, new DeliveryFilter(null, null, lead, null, null), mayKnow, after: null, MostDeliveries, cancellationToken);
        var leftOut = await history.LeftOut(site, [.. deliveries.Select(row => row.EventId).Distinct()], cancellationToken);
        return TypedResults.Ok(new LeadView(
            found, deliveries, [.. leftOut.Select(row => new LeftOutDestination(row.EventId, row.DestinationId, row.DestinationName))]));
    }
}
