using Dapper;
using Npgsql;

namespace Router.Core.Retention;

/// <summary>Drops a day's rows, and keeps what they add up to.</summary>
internal static class OldRows
{
    /// <summary>
    /// False when something of it was set going again meanwhile. The day's contents are gone before, so that nothing can be replayed
    /// between counting, which takes no lock, and dropping.
    /// </summary>
    /// <exception cref="PostgresException">The tables were in use for longer than we wait (55P03).</exception>
    public static async Task<bool> Drop(NpgsqlConnection connection, LedgerDay day, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(Count(day.Of("lead_events"), day.Of("deliveries")), commandTimeout: 0, cancellationToken: cancellationToken));
        await connection.ExecuteAsync(LedgerDay.BriefLocks);
        await connection.ExecuteAsync("lock table only lead_events, only deliveries, only delivery_attempts in access exclusive mode");
        if (await day.IsGoingAgain(connection, cancellationToken))
            return false;

        await connection.ExecuteAsync(
            $"drop table {day.Of("lead_events")}, {day.Of("deliveries")}, {day.Of("delivery_attempts")}; delete from ledger_days where name = @Name", new { day.Name });
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Adds to the statement's counts what these events and deliveries say.</summary>
    public static string Count(string events, string deliveries) => $"""
        insert into statement_days (site_id, destination_id, hour, state, count)
        select site_id, null::uuid, date_trunc('hour', accepted_at, 'UTC'), 'received', count(*)
        from {events}
        where test is null and action not like 'integration\_%'
        group by 1, 3
        union all
        select d.site_id, d.destination_id, date_trunc('hour', d.accepted_at, 'UTC'), d.state, count(*)
        from {deliveries} d join {events} e on e.id = d.event_id
        where not d.is_test and e.action not like 'integration\_%'
        group by 1, 2, 3, 4
        on conflict (site_id, hour, destination_id, state) do update set count = statement_days.count + excluded.count
        """;
}
