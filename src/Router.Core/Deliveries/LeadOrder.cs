using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using NpgsqlTypes;
using Router.Core.Database;

namespace Router.Core.Deliveries;

/// <summary>
/// The order of a lead's events at a destination: the plan of an event notes which of its deliveries wait for an earlier one
/// (<see cref="DeliveryPlanner"/>), the end of that one lets them go (the trigger <c>let_followers_go</c>). Here is what the trigger can't
/// see: an earlier one that ended while the later one was being written.
/// </summary>
public sealed class LeadOrder([FromKeyedServices(Databases.Unflushed)] NpgsqlDataSource database)
{
    /// <summary>A delivery <c>d</c> that is held for its destination, not for an earlier event of its lead.</summary>
    internal const string IsHeldForDestination = """
        d.state = 'held'
        and not exists (select from delivery_waits w where w.event_id = d.event_id and w.destination_id = d.destination_id)
        """;

    // A plan without an outcome is in a worker's hands, or back at the broker. What isn't planned comes soon, for it is ahead in the queue;
    // or never, if it was set aside.
    private const string IsUnfinished = """
        coalesce(
            (select case when b.event_id is null then awaits_first_outcome(p.destinations, w.destination_id, p.planned_at)
                    else b.finished_at is null end
             from lead_events p
             left join deliveries b on b.destination_id = w.destination_id and b.accepted_at = p.accepted_at and b.event_id = p.id
             where p.id = w.waits_for),
            w.since > now() - interval '2 minutes')
        """;

    /// <summary>Lets a delivery go that has just been held for an earlier one, if that one has ended meanwhile.</summary>
    public async Task LetGoIfOver(Guid eventId, Guid destinationId, DateTimeOffset acceptedAt, CancellationToken cancellationToken)
    {
        const string sql = $"""
            with ended as (
                delete from delivery_waits w where w.event_id = $1 and w.destination_id = $2 and not {IsUnfinished}
            ), freed as (
                update deliveries d set state = 'retrying', next_attempt_at = now()
                where d.destination_id = $2 and d.accepted_at = $3 and d.event_id = $1 and d.state = 'held'
                  and not exists (select from delivery_waits w where w.event_id = $1 and w.destination_id = $2 and {IsUnfinished})
                returning d.event_id
            )
            select pg_notify('router_due', '') from freed
            """;
        await using var command = database.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = eventId });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = destinationId });
        command.Parameters.Add(
            new NpgsqlParameter<DateTime> { TypedValue = acceptedAt.UtcDateTime, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>
    /// Forgets waits for what has ended, or is no longer in the ledger: their deliveries are held without a reason then, and
    /// <see cref="DestinationPauses.Drain"/> lets them go. Only a worker that died in between leaves any.
    /// </summary>
    public async Task<int> ForgetEnded(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"delete from delivery_waits w where not {IsUnfinished}");
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
