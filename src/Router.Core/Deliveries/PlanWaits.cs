using Npgsql;
using NpgsqlTypes;
using Router.Core.Database;
using Router.Core.Leads;

namespace Router.Core.Deliveries;

/// <summary>Which deliveries of freshly planned events wait for an earlier event of their lead: see <see cref="LeadOrder"/>.</summary>
internal static class PlanWaits
{
    // An event that isn't planned yet is waited for at all destinations: where it doesn't go it is forgotten once it is planned.
    // Of those that are, only the newest at a destination is looked at, for that one waited for those before it. A sender may have left the
    // destination out of some.
    private const string Sql = """
        with f as materialized (
            select id, site_id, lead_id, accepted_at, follows, supersedes, ($9)[planned_from:planned_to] as destinations
            from unnest($1, $2, $3, $4, $5, $6, $7, $8)
                as f (id, site_id, lead_id, accepted_at, follows, supersedes, planned_to, planned_from)
        ), unplanned as (
            select f.id, x.id as destination_id, f.site_id, f.accepted_at, f.follows as earlier, f.supersedes
            from f cross join lateral unnest(f.destinations) x (id)
            where f.follows is not null and not exists (
                select from lead_events where id = f.follows and id between first_event_id($10) and first_event_id($11))
        ), newest as (
            select distinct on (f.id, x.id)
                f.id, x.id as destination_id, f.site_id, f.accepted_at, f.supersedes, p.id as earlier, p.accepted_at as earlier_at,
                p.planned_at
            from f
            cross join lateral (
                select id, accepted_at, planned_at, destinations from lead_events
                where site_id = f.site_id and lead_id = f.lead_id and accepted_at < f.accepted_at and test is null
                  and id between first_event_id($10) and first_event_id($11)
                order by accepted_at desc limit 8) p
            cross join lateral unnest(f.destinations) x (id)
            where x.id = any (p.destinations) and not exists (select from unplanned u where u.id = f.id)
            order by f.id, x.id, p.accepted_at desc
        )
        insert into delivery_waits (event_id, destination_id, site_id, accepted_at, waits_for, supersedes)
        select id, destination_id, site_id, accepted_at, earlier, supersedes from unplanned
        union all
        select n.id, n.destination_id, n.site_id, n.accepted_at, n.earlier, n.supersedes
        from newest n
        left join lateral (
            select true as is_there, finished_at from deliveries
            where destination_id = n.destination_id and accepted_at = n.earlier_at and event_id = n.earlier
              and event_id between first_event_id($10) and first_event_id($11) limit 1) d on true
        where case when d.is_there then d.finished_at is null else n.planned_at > now() - interval '1 day' end
        on conflict do nothing
        returning event_id, destination_id
        """;

    /// <summary>
    /// Notes them, before anything is sent. A new lead waits for nothing. Which destinations wait, by event; null for none at all.
    /// </summary>
    public static async Task<Dictionary<Guid, HashSet<Guid>>?> Note(
        NpgsqlConnection connection, IEnumerable<PlannedEvent> events, CancellationToken cancellationToken)
    {
        var followers = events.Where(row => row.InOrder.Count > 0).ToList();
        if (followers.Count == 0)
            return null;

        await using var command = new NpgsqlCommand(Sql, connection);
        command.Add(NpgsqlDbType.Uuid, followers, row => row.Lead.EventId);
        command.Add(NpgsqlDbType.Uuid, followers, row => row.Lead.SiteId);
        command.Add(NpgsqlDbType.Uuid, followers, row => row.Lead.Subject!.Value);
        command.Add(NpgsqlDbType.TimestampTz, followers, row => row.Lead.AcceptedAt);
        command.Add(NpgsqlDbType.Uuid, followers, row => row.Lead.Follows);
        command.Add(NpgsqlDbType.Boolean, followers, row => row.Lead.Action.SaysAllAgain());
        var last = 0;
        command.Add(NpgsqlDbType.Integer, followers, row => last += row.InOrder.Count);
        last = 1;
        command.Add(NpgsqlDbType.Integer, followers, row => (last += row.InOrder.Count) - row.InOrder.Count);
        command.Add(NpgsqlDbType.Uuid, followers.SelectMany(row => row.InOrder).ToList(), id => id);
        command.Add(followers.Min(row => row.Lead.AcceptedAt) - LeadOrder.LookBack);
        // An id that is made from an Idempotency-Key begins with its day only.
        command.Add(followers.Max(row => row.Lead.AcceptedAt) + TimeSpan.FromDays(1));

        Dictionary<Guid, HashSet<Guid>>? waiting = null;
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                waiting ??= [];
                if (!waiting.TryGetValue(reader.GetGuid(0), out var destinations))
                    waiting[reader.GetGuid(0)] = destinations = [];
                destinations.Add(reader.GetGuid(1));
            }
        }

        return waiting;
    }

    private static void Add(this NpgsqlCommand command, DateTimeOffset at) => command.Parameters.Add(
        new NpgsqlParameter<DateTime> { TypedValue = at.UtcDateTime, NpgsqlDbType = NpgsqlDbType.TimestampTz });
}
