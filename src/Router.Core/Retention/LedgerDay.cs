using Dapper;
using Npgsql;
using Router.Core.Deliveries;

namespace Router.Core.Retention;

/// <summary>A row of <c>ledger_days</c>: one partition of each table of the ledger.</summary>
/// <param name="Name">Ends the partitions' names: <c>20261122</c>.</param>
/// <param name="StartsAt">Its first moment.</param>
/// <param name="EndsAt">The first moment of the day after.</param>
internal sealed record LedgerDay(string Name, DateTimeOffset StartsAt, DateTimeOffset EndsAt)
{
    /// <summary>
    /// For less than the second after which Postgres looks for deadlocks, three locks of it together: whoever collides, it is us
    /// who give way.
    /// </summary>
    public const string BriefLocks = "set local lock_timeout = '300ms'";

    /// <summary>The partition of a table.</summary>
    public string Of(string ledger) => $"{ledger}_{Name}";

    /// <summary>
    /// For an event <c>e</c>: whether it needs its contents no more. Its deliveries are finished, and none that was planned (an event may
    /// come late, from an error queue) still waits for its first outcome.
    /// </summary>
    public static string IsFinished(string deliveries) => $"""
        not exists (
            select from unnest(e.destinations) x (id)
            left join {deliveries} d on d.destination_id = x.id and d.accepted_at = e.accepted_at and d.event_id = e.id
            where d.state in {DeliveryCancellation.Waiting} or d.state is null and awaits_first_outcome(e.destinations, x.id, e.planned_at))
        """;

    /// <summary>How many of its deliveries are unfinished, looked for in the whole day.</summary>
    public Task<int> Unfinished(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<int>(new CommandDefinition(
        $"""
        select ((select count(*) from {Of("deliveries")} where state in {DeliveryCancellation.Waiting})
                + (select count(*) from {Of("lead_events")} e cross join unnest(e.destinations) x (id)
                   where awaits_first_outcome(e.destinations, x.id, e.planned_at)
                     and not exists (
                         select from {Of("deliveries")} d
                         where d.destination_id = x.id and d.accepted_at = e.accepted_at and d.event_id = e.id)))::int
        """, commandTimeout: 0, cancellationToken: cancellationToken));

    /// <summary>Whether something was set going again since: by the indexes of what waits, for a look under lock.</summary>
    public Task<bool> IsGoingAgain(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<bool>(new CommandDefinition(
        $"""
        select exists (select from {Of("deliveries")} where state = 'retrying')
            or exists (select from {Of("deliveries")} where state = 'held')
        """, cancellationToken: cancellationToken));
}
