using Dapper;
using Npgsql;
using Router.Core.Leads;

namespace Router.Core.Deliveries;

/// <summary>The latest events of a site, to try something on.</summary>
public static class LatestEvents
{
    private sealed record Row(
        Guid Id, string Action, string LeadIdText, string Product, string SourceSystem, DateTimeOffset AcceptedAt, byte[] Body);

    /// <summary>Newest first; tests, news of switches and what has no contents any more left out.</summary>
    /// <param name="connection">Open.</param>
    /// <param name="siteId">The site.</param>
    /// <param name="action">Only those; null for all.</param>
    /// <param name="limit">The most.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public static async Task<List<LeadEvent>> Of(
        NpgsqlConnection connection, Guid siteId, LeadAction? action, int limit, CancellationToken cancellationToken) =>
        (await connection.QueryAsync<Row>(new CommandDefinition(
            """
            select id, action, lead_id_text, product, source_system, accepted_at, body from lead_events
            where site_id = @siteId and test is null and product <> '' and body is not null and (@action is null or action = @action)
            order by accepted_at desc limit @limit
            """, new { siteId, action = action?.Text(), limit }, cancellationToken: cancellationToken)))
            .Select(row => new LeadEvent
            {
                EventId = row.Id, SiteId = siteId, Action = LeadActions.Parse(row.Action), LeadId = row.LeadIdText,
                AcceptedAt = row.AcceptedAt, Product = row.Product, SourceSystem = row.SourceSystem, Lead = new RawJson(row.Body),
            }).ToList();
}
