using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using NpgsqlTypes;
using Router.Core.Database;
using Router.Core.Destinations;
using Router.Core.Leads;

namespace Router.Core.Deliveries;

/// <summary>An event, the destinations that it goes to, and the names that the sender chose and the site doesn't have.</summary>
public sealed record PlannedEvent(LeadEvent Lead, IReadOnlyList<Guid> Destinations, string[]? Unknown, bool IsRedelivery)
{
    /// <summary>Whether it was written before and no answer came: it may be there all the same, planned by us.</summary>
    internal bool IsInDoubt { get; set; }
}

/// <summary>What a plan comes to.</summary>
/// <param name="Destinations">Those to which the event must be sent now.</param>
/// <param name="AcceptedAt">
/// When the event was accepted, as the ledger has it: of two requests with one <c>Idempotency-Key</c> that of the first.
/// </param>
public sealed record Plan(IReadOnlyList<Guid> Destinations, DateTimeOffset AcceptedAt);

/// <summary>
/// Stage 1: one row for each event, with the destinations that were active. An event that is delivered again (its worker died) keeps the
/// destinations of its first plan and gets back those without an outcome, and so does one whose plan was committed when the answer of
/// Postgres was lost. An event that was published again gets nothing: the message that came first is responsible for it.
/// </summary>
public sealed class DeliveryPlanner(
    [FromKeyedServices(Databases.Unflushed)] NpgsqlDataSource database, DatabaseAvailability availability)
    : GroupCommit<PlannedEvent, Plan>(availability)
{
    /// <summary>The destinations to which the event must be sent now; waits while the database is away.</summary>
    /// <param name="lead">The event.</param>
    /// <param name="site">Its site.</param>
    /// <param name="isRedelivery">Whether the broker delivers the message again, because nobody acknowledged it before.</param>
    public Task<Plan> Plan(LeadEvent lead, SiteDestinations site, bool isRedelivery)
    {
        var (chosen, unknown) = site.Choose(lead.OnlyDestinations);
        return Commit(new PlannedEvent(lead, [.. chosen.Select(destination => destination.Id)], unknown, isRedelivery));
    }

    /// <inheritdoc/>
    protected override async ValueTask<IReadOnlyList<Plan>> Write(IReadOnlyList<PlannedEvent> rows, CancellationToken cancellationToken)
    {
        try
        {
            return await WriteOnce(rows, cancellationToken);
        }
        catch
        {
            foreach (var row in rows)
                row.IsInDoubt = true;
            throw;
        }
    }

    private async Task<Plan[]> WriteOnce(IReadOnlyList<PlannedEvent> rows, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        // The same event twice in one batch: the second finds what the first has planned. What may repeat another event comes
        // after that one, for a statement doesn't see its own rows.
        var events = rows.DistinctBy(row => row.Lead.EventId).ToList();
        var ids = events.Select(row => row.Lead.EventId).ToHashSet();
        var fresh = new HashSet<Guid>(events.Count);
        foreach (var batch in events.GroupBy(row => row.Lead.Repeats is { } repeated && ids.Contains(repeated)).OrderBy(group => group.Key))
            fresh.UnionWith(await Insert(connection, [.. batch], cancellationToken));
        var again = rows.Where(row => (row.IsRedelivery || row.IsInDoubt) && !fresh.Contains(row.Lead.EventId))
            .Select(row => row.Lead.EventId).ToList();
        var planned = again.Count == 0 ? null : await WithoutOutcome(connection, again, cancellationToken);

        var taken = new HashSet<Guid>(rows.Count);
        var results = new Plan[rows.Count];
        for (var i = 0; i < rows.Count; i++)
        {
            var (lead, destinations, _, isRedelivery) = rows[i];
            var isFirst = taken.Add(lead.EventId);
            results[i] = fresh.Contains(lead.EventId) ? new Plan(isFirst || isRedelivery ? destinations : [], lead.AcceptedAt)
                : isRedelivery || (rows[i].IsInDoubt && isFirst) ? planned!.GetValueOrDefault(lead.EventId) ?? new Plan([], lead.AcceptedAt)
                : new Plan([], lead.AcceptedAt);
        }

        return results;
    }

    private static async Task<HashSet<Guid>> Insert(
        NpgsqlConnection connection, List<PlannedEvent> events, CancellationToken cancellationToken)
    {
        const string sql = """
            insert into lead_events (
                id, site_id, action, lead_id, lead_id_text, product, source_system, accepted_at, unknown_destinations, body, destinations)
            select id, site_id, action, lead_id, lead_id_text, product, source_system, accepted_at, string_to_array(unknown, E'\n'), body,
                   ($14)[planned_from:planned_to]
            from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
                as e (
                    id, site_id, action, lead_id, lead_id_text, product, source_system, accepted_at, unknown, repeats, body,
                    planned_to, planned_from)
            where repeats is null or not exists (
                select from lead_events r
                where r.id = e.repeats and r.id between $15 and $16 and r.accepted_at > e.accepted_at - interval '24 hours')
            on conflict do nothing
            returning id
            """;

        await using var command = new NpgsqlCommand(sql, connection);
        command.Add(NpgsqlDbType.Uuid, events, row => row.Lead.EventId);
        command.Add(NpgsqlDbType.Uuid, events, row => row.Lead.SiteId);
        command.Add(NpgsqlDbType.Text, events, row => row.Lead.Action);
        command.Add(NpgsqlDbType.Uuid, events, row => Uuids.TryParse(row.Lead.LeadId, out var id) ? id : (Guid?)null);
        command.Add(NpgsqlDbType.Text, events, row => row.Lead.LeadId);
        command.Add(NpgsqlDbType.Text, events, row => row.Lead.Product);
        command.Add(NpgsqlDbType.Text, events, row => row.Lead.SourceSystem);
        command.Add(NpgsqlDbType.TimestampTz, events, row => row.Lead.AcceptedAt);
        // Names come from a header, so none holds a line break.
        command.Add(NpgsqlDbType.Text, events, row => row.Unknown is null ? null : string.Join('\n', row.Unknown));
        command.Add(NpgsqlDbType.Uuid, events, row => row.Lead.Repeats);
        command.Add(NpgsqlDbType.Bytea, events, row => row.Lead.Lead.Utf8);
        // One array for all; each event has a slice of it.
        var last = 0;
        command.Add(NpgsqlDbType.Integer, events, row => last += row.Destinations.Count);
        last = 1;
        command.Add(NpgsqlDbType.Integer, events, row => (last += row.Destinations.Count) - row.Destinations.Count);
        var destinations = events.SelectMany(row => row.Destinations).ToList();
        command.Add(NpgsqlDbType.Uuid, destinations, id => id);
        command.AddSpan(events, row => row.Lead.Repeats);

        var planned = new HashSet<Guid>(events.Count);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            planned.Add(reader.GetGuid(0));
        return planned;
    }

    private static async Task<Dictionary<Guid,
    Plan>> WithoutOutcome(NpgsqlConnection connection, List<Guid> events, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            select e.id, e.accepted_at, array(
                select x.id from unnest(e.destinations) x (id)
                where not exists (
                    select from deliveries d
                    where d.destination_id = x.id and d.accepted_at = e.accepted_at and d.event_id = e.id and d.event_id between $2 and $3))
            from lead_events e where e.id = any($1) and e.id between $2 and $3
            """, connection);
        command.Add(NpgsqlDbType.Uuid, events, id => id);
        command.AddSpan(events, id => id);

        var plans = new Dictionary<Guid, Plan>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            plans.Add(reader.GetGuid(0), new Plan(reader.GetFieldValue<Guid[]>(2), reader.GetFieldValue<DateTimeOffset>(1)));
        return plans;
    }
}
