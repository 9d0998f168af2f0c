using Dapper;
using Npgsql;

namespace Router.Core.Recovery;

/// <summary>
/// Sends what was planned and has no outcome, where nobody else will: its message is gone with RabbitMQ's disk, or was acknowledged after
/// the moment to which Postgres was restored.
/// </summary>
public sealed class PlannedDeliveries(NpgsqlDataSource database)
{
    /// <summary>
    /// Makes them due, under their message ids; how many. Whatever got an outcome meanwhile is left alone. What waits for an earlier event
    /// of its lead goes on waiting.
    /// </summary>
    public async Task<int> Send(IReadOnlyList<LedgerDelivery> planned, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into deliveries (event_id, destination_id, site_id, accepted_at, state, next_attempt_at, replayed_at)
            select e.id, p.destination_id, e.site_id, e.accepted_at, case when w.event_id is null then 'retrying' else 'held' end,
                   case when w.event_id is null then now() end, now()
            from unnest(@Events, @Destinations) as p (event_id, destination_id)
            join lead_events e on e.id = p.event_id and e.body is not null and p.destination_id = any (e.destinations)
            left join delivery_waits w on w.event_id = p.event_id and w.destination_id = p.destination_id
            on conflict do nothing
            """,
            new
            {
                Events = planned.Select(one => one.EventId).ToArray(),
                Destinations = planned.Select(one => one.DestinationId).ToArray(),
            },
            commandTimeout: 0, cancellationToken: cancellationToken));
    }
}
