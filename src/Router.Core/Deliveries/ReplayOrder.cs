using Dapper;
using Npgsql;

namespace Router.Core.Deliveries;

/// <summary>A delivery that a replay has just made due.</summary>
internal sealed record ReplayedDelivery(Guid DestinationId, DateTimeOffset AcceptedAt, Guid EventId);

/// <summary>A replay of many keeps the order within a lead, too: see <see cref="LeadOrder"/>.</summary>
internal static class ReplayOrder
{
    /// <summary>Holds those behind an earlier event of their lead that is on its way to the same destination.</summary>
    public static Task Hold(NpgsqlConnection connection, List<ReplayedDelivery> deliveries, CancellationToken cancellationToken)
    {
        const string sql = """
            with replayed as (
                select r.destination_id, r.accepted_at, r.event_id, e.site_id, e.lead_id
                from unnest(@Destinations, @Times, @Events) as r (destination_id, accepted_at, event_id)
                join lead_events e on e.id = r.event_id
                join destinations x on x.id = r.destination_id and x.keep_order
                where e.lead_id is not null
            ), noted as (
                insert into delivery_waits (event_id, destination_id, site_id, accepted_at, waits_for)
                select r.event_id, r.destination_id, r.site_id, r.accepted_at, earlier.id
                from replayed r
                cross join lateral (
                    select p.id
                    from lead_events p
                    join deliveries b on b.destination_id = r.destination_id and b.accepted_at = p.accepted_at and b.event_id = p.id
                    where p.site_id = r.site_id and p.lead_id = r.lead_id and p.accepted_at < r.accepted_at
                      and p.id between first_event_id(r.accepted_at - interval '30 days')
                      and first_event_id(r.accepted_at + interval '1 day')
                      and b.state in ('retrying', 'held')
                    order by p.accepted_at desc limit 1) earlier
                on conflict do nothing
                returning event_id, destination_id, accepted_at
            )
            update deliveries d set state = 'held', next_attempt_at = null
            from noted n
            where d.destination_id = n.destination_id and d.accepted_at = n.accepted_at and d.event_id = n.event_id and d.state = 'retrying'
            """;
        return deliveries.Count == 0 ? Task.CompletedTask : connection.ExecuteAsync(new CommandDefinition(
            sql,
            new
            {
                Destinations = deliveries.ConvertAll(delivery => delivery.DestinationId),
                Times = deliveries.ConvertAll(delivery => delivery.AcceptedAt.UtcDateTime),
                Events = deliveries.ConvertAll(delivery => delivery.EventId),
            },
            cancellationToken: cancellationToken));
    }
}
