using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using NpgsqlTypes;
using Router.Core.Database;
using Router.Core.Destinations;
using Router.Core.Leads;

namespace Router.Core.Deliveries;

/// <summary>An event and the site as it was when the event was planned.</summary>
public sealed record PlannedEvent(LeadEvent Lead, SiteDestinations Site);

/// <summary>
/// Stage 1: one event row and one delivery row for each active destination. An event that comes again (its worker died)
/// keeps the destinations of its first plan and gets back only what is still pending.
/// </summary>
public sealed class DeliveryPlanner(
    [FromKeyedServices(Databases.Unflushed)] NpgsqlDataSource database, DatabaseAvailability availability)
    : GroupCommit<PlannedEvent, IReadOnlyList<Guid>>(availability)
{
    /// <summary>The destinations to which the event must be sent now; waits while the database is away.</summary>
    public Task<IReadOnlyList<Guid>> Plan(LeadEvent lead, SiteDestinations site) => Commit(new PlannedEvent(lead, site));

    /// <inheritdoc/>
    protected override async ValueTask<IReadOnlyList<IReadOnlyList<Guid>>> Write(IReadOnlyList<PlannedEvent> rows, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        // The same event twice in one batch: the second finds what the first has planned.
        var events = rows.DistinctBy(row => row.Lead.EventId).ToList();
        var fresh = await Insert(connection, events, cancellationToken);
        var known = fresh.Count == rows.Count
            ? null
            : await Pending(connection, rows.Select(row => row.Lead.EventId).Where(id => !fresh.Contains(id)), cancellationToken);

        var results = new IReadOnlyList<Guid>[rows.Count];
        for (var i = 0; i < rows.Count; i++)
        {
            var (lead, site) = rows[i];
            results[i] = fresh.Remove(lead.EventId)
                ? [.. site.Active.Select(destination => destination.Id)]
                : [.. known![lead.EventId]];
        }

        return results;
    }

    private static async Task<HashSet<Guid>> Insert(NpgsqlConnection connection, List<PlannedEvent> events, CancellationToken cancellationToken)
    {
        const string sql = """
            with planned as (
                insert into lead_events (id, site_id, action, lead_id, lead_id_text, product, source_system, accepted_at, body)
                select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)
                on conflict do nothing
                returning id, site_id, accepted_at
            ), deliveries as (
                insert into deliveries (event_id, destination_id, site_id, accepted_at)
                select planned.id, d.destination_id, planned.site_id, planned.accepted_at
                from planned join unnest($10, $11) as d (event_id, destination_id) on d.event_id = planned.id
            )
            select id from planned
            """;
        var deliveries = events.SelectMany(row => row.Site.Active, (row, destination) => (row.Lead.EventId, destination.Id)).ToList();

        await using var command = new NpgsqlCommand(sql, connection);
        command.Add(NpgsqlDbType.Uuid, events, row => row.Lead.EventId);
        command.Add(NpgsqlDbType.Uuid, events, row => row.Lead.SiteId);
        command.Add(NpgsqlDbType.Text, events, row => row.Lead.Action);
        command.Add(NpgsqlDbType.Uuid, events, row => Uuids.TryParse(row.Lead.LeadId, out var id) ? id : Guid.Empty);
        command.Add(NpgsqlDbType.Text, events, row => row.Lead.LeadId);
        command.Add(NpgsqlDbType.Text, events, row => row.Lead.Product);
        command.Add(NpgsqlDbType.Text, events, row => row.Lead.SourceSystem);
        command.Add(NpgsqlDbType.TimestampTz, events, row => row.Lead.AcceptedAt);
        command.Add(NpgsqlDbType.Bytea, events, row => row.Lead.Lead.Utf8);
        command.Add(NpgsqlDbType.Uuid, deliveries, row => row.EventId);
        command.Add(NpgsqlDbType.Uuid, deliveries, row => row.Id);

        var planned = new HashSet<Guid>(events.Count);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            planned.Add(reader.GetGuid(0));
        return planned;
    }

    private static async Task<ILookup<Guid, Guid>> Pending(NpgsqlConnection connection, IEnumerable<Guid> events, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "select event_id, destination_id from deliveries where event_id = any($1) and state = 'pending'", connection);
        command.Add(NpgsqlDbType.Uuid, events.ToList(), id => id);

        var pending = new List<(Guid Event, Guid Destination)>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            pending.Add((reader.GetGuid(0), reader.GetGuid(1)));
        return pending.ToLookup(row => row.Event, row => row.Destination);
    }
}
