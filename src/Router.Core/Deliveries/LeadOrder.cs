using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Router.Core.Database;

namespace Router.Core.Deliveries;

/// <summary>
/// The order of a lead's events at a destination: the plan of an event notes which of its deliveries wait for an earlier one
/// (<see cref="DeliveryPlanner"/>), the end of that one lets them go (the trigger <c>let_followers_go</c>). Here is what the trigger can't
/// see: an earlier one that ended while the later one was being written, and what it found locked.
/// </summary>
public sealed class LeadOrder([FromKeyedServices(Databases.Unflushed)] NpgsqlDataSource database)
{
    /// <summary>A delivery <c>d</c> that is held for its destination, not for an earlier event of its lead.</summary>
    internal const string IsHeldForDestination = """
        d.state = 'held'
        and not exists (select from delivery_waits w where w.event_id = d.event_id and w.destination_id = d.destination_id)
        """;

    /// <summary>How long an earlier event is looked for: its schedule is over by then, and most pauses are, too.</summary>
    internal static readonly TimeSpan LookBack = TimeSpan.FromDays(7);

    private const int Batch = 1_000;

    // A plan without an outcome is in a worker's hands, or back at the broker. What isn't planned comes soon, for it is ahead in the queue;
    // or never, if it was set aside. What was accepted later is never waited for: two could wait for each other.
    private const string IsUnfinished = """
        (w.supersedes or exists (select from destinations where id = w.destination_id and keep_order))
        and coalesce(
            (select p.accepted_at < w.accepted_at
                    and case when b.event_id is null then awaits_first_outcome(p.destinations, w.destination_id, p.planned_at)
                        else b.finished_at is null end
             from lead_events p
             left join deliveries b on b.destination_id = w.destination_id and b.accepted_at = p.accepted_at and b.event_id = p.id
               and b.event_id between first_event_id(@From) and first_event_id(@Until)
             where p.id = w.waits_for and p.id between first_event_id(@From) and first_event_id(@Until)),
            w.since > now() - interval '2 minutes')
        """;

    private (Guid Event, Guid Destination) _looked;

    /// <summary>Lets a delivery go that has just been held for an earlier one, if that one has ended meanwhile.</summary>
    public async Task LetGoIfOver(Guid eventId, Guid destinationId, DateTimeOffset acceptedAt, CancellationToken cancellationToken)
    {
        // One after the other: whoever ends an earlier one locks the delivery first and then its wait.
        const string forget = $"""
            delete from delivery_waits w where w.event_id = @eventId and w.destination_id = @destinationId and not ({IsUnfinished})
            """;
        const string free = """
            with freed as (
                update deliveries d set state = 'retrying', next_attempt_at = now()
                where d.destination_id = @destinationId and d.accepted_at = @AcceptedAt and d.event_id = @eventId and d.state = 'held'
                  and not exists (select from delivery_waits w where w.event_id = @eventId and w.destination_id = @destinationId)
                returning d.event_id
            )
            select pg_notify('router_due', '') from freed
            """;
        var parameters = new
        {
            eventId, destinationId, AcceptedAt = acceptedAt.UtcDateTime, From = (acceptedAt - LookBack).UtcDateTime,
            Until = (acceptedAt + TimeSpan.FromDays(1)).UtcDateTime,
        };
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(forget, parameters, cancellationToken: cancellationToken));
        await connection.ExecuteAsync(new CommandDefinition(free, parameters, cancellationToken: cancellationToken));
    }

    /// <summary>
    /// Forgets waits for what has ended, or is no longer in the ledger, and those of destinations that do without order: their deliveries
    /// are held without a reason then, and <see cref="DestinationPauses.Drain"/> lets them go. A thousand at a time, going on where it
    /// stopped.
    /// </summary>
    public async Task<int> ForgetEnded(CancellationToken cancellationToken)
    {
        const string next = """
            select event_id, destination_id, accepted_at from delivery_waits
            where (event_id, destination_id) > (@Event, @Destination)
            order by event_id, destination_id limit @Batch
            """;
        const string forget = $"""
            delete from delivery_waits w using unnest(@Events, @Destinations) as l (event_id, destination_id)
            where w.event_id = l.event_id and w.destination_id = l.destination_id and not ({IsUnfinished})
              -- LetNoticesGo comes first.
              and not (w.supersedes and exists (
                  select from lead_events e join deliveries d
                  on d.destination_id = w.destination_id and d.accepted_at = e.accepted_at and d.event_id = e.id
                  where e.id = w.event_id and e.action like 'integration\_%' and d.state = 'held'))
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        if (await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select exists (select from delivery_waits where supersedes)", cancellationToken: cancellationToken)))
        {
            await Superseded.Cancel(connection, cancellationToken);
            await LetNoticesGo(connection, cancellationToken);
        }

        var waits = (await connection.QueryAsync<(Guid Event, Guid Destination, DateTimeOffset AcceptedAt)>(new CommandDefinition(
            next, new { _looked.Event, _looked.Destination, Batch }, cancellationToken: cancellationToken))).AsList();
        _looked = waits.Count < Batch ? default : (waits[^1].Event, waits[^1].Destination);
        if (waits.Count == 0)
            return 0;

        return await connection.ExecuteAsync(new CommandDefinition(
            forget,
            new
            {
                Events = waits.ConvertAll(wait => wait.Event), Destinations = waits.ConvertAll(wait => wait.Destination),
                From = (waits.Min(wait => wait.AcceptedAt) - LookBack).UtcDateTime,
                Until = (waits.Max(wait => wait.AcceptedAt) + TimeSpan.FromDays(1)).UtcDateTime,
            },
            cancellationToken: cancellationToken));
    }

    // A destination that is off gets its notice all the same, and nothing else: Drain doesn't look at it.
    private static Task<int> LetNoticesGo(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        const string sql = """
            update deliveries d set state = 'retrying', next_attempt_at = now()
            from delivery_waits w
            where w.supersedes and d.destination_id = w.destination_id and d.accepted_at = w.accepted_at and d.event_id = w.event_id
              and d.state = 'held'
              and not exists (
                  select from lead_events p
                  join deliveries b on b.destination_id = w.destination_id and b.accepted_at = p.accepted_at and b.event_id = p.id
                  where p.id = w.waits_for and b.finished_at is null)
              and exists (select from lead_events e where e.id = w.event_id and e.action like 'integration\_%')
            """;
        return connection.ExecuteAsync(new CommandDefinition(sql, cancellationToken: cancellationToken));
    }
}
