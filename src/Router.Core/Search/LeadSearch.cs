using Dapper;
using Npgsql;
using Router.Core.Deliveries;
using Router.Core.Leads;

namespace Router.Core.Search;

/// <summary>Finds a site's leads.</summary>
public sealed class LeadSearch(NpgsqlDataSource database)
{
    /// <summary>What matters most first; the state of a lead at a destination is the first that any of its messages has.</summary>
    private static readonly string[] States =
        ["missing", "dead", "held", "retrying", "planned", "rejected", "canceled", "delivered"];

    private const string Columns =
        "l.lead_id, l.first_at, l.last_at, l.source, trim(l.first_name || ' ' || l.last_name) as name, l.email, l.phone";

    /// <summary>
    /// A site's leads, newest first: all of them, or those whom the text fits: parts of name and address, digits of the number, the id of
    /// the lead or of a message.
    /// </summary>
    /// <param name="siteId">The site.</param>
    /// <param name="text">What is looked for; null or blank for all.</param>
    /// <param name="contents">Whether the asker may know who they are. If not, a text that is no id finds nothing.</param>
    /// <param name="after">The last lead of the page before.</param>
    /// <param name="limit">The most leads.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async Task<List<FoundLead>> Newest(
        Guid siteId, string? text, bool contents, Guid? after, int limit, CancellationToken cancellationToken)
    {
        // Which ones by the index alone; the rest of their rows only for those.
        const string newest = $"""
            select {Columns}
            from (
                select lead_id from leads
                where site_id = @siteId
                  and search like all ((select coalesce(array_agg(lower(p)), '{"{}"}') from unnest(@patterns) p)::text[])
                  and (@after is null or (first_at, lead_id) < (
                      select first_at, lead_id from leads where site_id = @siteId and lead_id = @after))
                order by first_at desc, lead_id desc limit @limit
            ) found
            join leads l on l.site_id = @siteId and l.lead_id = found.lead_id
            order by l.first_at desc, l.lead_id desc
            """;
        const string byId = $"""
            select {Columns} from leads l
            where l.site_id = @siteId and l.lead_id in (@id, (select lead_id from lead_events where id = @id and site_id = @siteId))
            """;
        text = text?.Trim() ?? "";
        var isId = Uuids.TryParse(text, out var id);
        if (!contents && text.Length > 0 && !isId)
            return [];

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = (await connection.QueryAsync<Row>(new CommandDefinition(
            isId ? byId : newest, new { siteId, id, patterns = SearchText.Patterns(text), after, limit },
            cancellationToken: cancellationToken))).AsList();
        return await WithDeliveries(connection, siteId, rows, contents, cancellationToken);
    }

    /// <summary>One of them; null when nothing is known of it.</summary>
    public async Task<FoundLead?> Find(Guid siteId, Guid leadId, bool contents, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = (await connection.QueryAsync<Row>(new CommandDefinition(
            $"""
            select {Columns} from leads l where l.site_id = @siteId and l.lead_id = @leadId
            union all
            -- Until it is written, a moment later.
            select @leadId, min(accepted_at), max(accepted_at), '', '', '', '' from lead_events
            where site_id = @siteId and lead_id = @leadId and test is null and action in ('created', 'updated', 'activity_added')
            having count(*) > 0
            limit 1
            """, new { siteId, leadId }, cancellationToken: cancellationToken))).AsList();
        return (await WithDeliveries(connection, siteId, rows, contents, cancellationToken)).FirstOrDefault();
    }

    /// <summary>Who these leads are: a name, or else an address or a number. Those of whom nothing is known are left out.</summary>
    public async Task<Dictionary<Guid, string>> Names(Guid siteId, Guid[] leads, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<(Guid Id, string Name)>(new CommandDefinition(
            """
            select lead_id, coalesce(nullif(trim(first_name || ' ' || last_name), ''), nullif(email, ''), phone) from leads
            where site_id = @siteId and lead_id = any (@leads) and (first_name || last_name || email || phone) <> ''
            """, new { siteId, leads }, cancellationToken: cancellationToken))).ToDictionary(row => row.Id, row => row.Name);
    }

    private static async Task<List<FoundLead>> WithDeliveries(
        NpgsqlConnection connection, Guid siteId, List<Row> leads, bool contents, CancellationToken cancellationToken)
    {
        if (leads.Count == 0)
            return [];

        const string sql = """
            select e.lead_id, x.id as destination_id, n.name as destination_name, e.action,
                   coalesce(d.state, case when awaits_first_outcome(e.destinations, x.id, e.planned_at) then 'planned' else 'missing' end)
                       as state,
                   count(*)::int as messages
            from lead_events e
            cross join lateral unnest(e.destinations) x (id)
            join destinations n on n.id = x.id
            left join lateral (
                select state from deliveries d
                where d.destination_id = x.id and d.accepted_at = e.accepted_at and d.event_id = e.id limit 1) d on true
            where e.site_id = @siteId and e.lead_id = any (@leads) and e.test is null
              and e.id between first_event_id(@from) and first_event_id(@until)
              and e.action in ('created', 'updated', 'activity_added')
            group by e.lead_id, x.id, n.name, n.kind, n.created_at, e.action, 5
            order by n.kind <> 'lead_manager', n.created_at, x.id
            """;
        var deliveries = (await connection.QueryAsync<Deliveries>(new CommandDefinition(
            sql, new
            {
                siteId, leads = leads.ConvertAll(lead => lead.LeadId),
                // An id that is made from an Idempotency-Key begins with its day only.
                from = leads.Min(lead => lead.FirstAt).AddDays(-1).UtcDateTime,
                until = leads.Max(lead => lead.LastAt).AddDays(31).UtcDateTime,
            }, cancellationToken: cancellationToken)))
            .ToLookup(row => row.LeadId);
        var duplicates = await DuplicateMarks.Of(connection, siteId, leads.ConvertAll(lead => lead.LeadId), cancellationToken);
        return leads.ConvertAll(lead => new FoundLead(
            lead.LeadId, lead.FirstAt, lead.LastAt, contents ? lead.Source : null, contents ? lead.Name : null,
            contents ? lead.Email : null, contents ? lead.Phone : null, Messages(deliveries[lead.LeadId], LeadAction.Updated),
            Messages(deliveries[lead.LeadId], LeadAction.ActivityAdded), duplicates.ContainsKey(lead.LeadId),
            duplicates.GetValueOrDefault(lead.LeadId),
            [.. deliveries[lead.LeadId].GroupBy(row => (row.DestinationId, row.DestinationName)).Select(AtDestination)]));
    }

    // Each goes to Lead Manager, or else to as many as the largest count says.
    private static int Messages(IEnumerable<Deliveries> rows, LeadAction action) =>
        rows.Where(row => row.Action == action.Text()).GroupBy(row => row.DestinationId).Select(group => group.Sum(row => row.Messages))
            .DefaultIfEmpty().Max();

    private static LeadAtDestination AtDestination(IGrouping<(Guid Id, string Name), Deliveries> rows)
    {
        var state = States.First(state => rows.Any(row => row.State == state));
        return new LeadAtDestination(rows.Key.Id, rows.Key.Name, state, rows.Where(row => row.State == state).Sum(row => row.Messages));
    }

    private sealed record Row(
        Guid LeadId, DateTimeOffset FirstAt, DateTimeOffset LastAt, string Source, string Name, string Email, string Phone);

    private sealed record Deliveries(
        Guid LeadId, Guid DestinationId, string DestinationName, string Action, string State, int Messages);
}
