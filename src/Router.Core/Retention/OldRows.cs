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
        await connection.ExecuteAsync(new CommandDefinition(
            Count(day.Of("lead_events"), day.Of("deliveries")), commandTimeout: 0, cancellationToken: cancellationToken));
        await connection.ExecuteAsync(LedgerDay.BriefLocks);
        await connection.ExecuteAsync("lock table only lead_events, only deliveries, only delivery_attempts in access exclusive mode");
        if (await day.IsGoingAgain(connection, cancellationToken))
            return false;

        await connection.ExecuteAsync("select drop_ledger_day(@Name)", new { day.Name });
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>
    /// Adds to the statement's counts what these events and deliveries say: as the view <c>statement_entries</c> does, on these tables
    /// alone. What a destination received and what became of it are counted each by itself, so that the statement still proves something.
    /// </summary>
    public static string Count(string events, string deliveries) => $"""
        insert into statement_days (site_id, destination_id, hour, state, count)
        select site_id, destination_id, hour, s.state, count(*)
        from (
            select e.site_id, x.id as destination_id, date_trunc('hour', e.accepted_at, 'UTC') as hour,
                   case when d.state is not null then d.state
                        when x.kind = 'lead_manager' or x.id = any (e.destinations) then 'missing'
                        else 'skipped' end as outcome
            from {events} e
            join destinations x on x.site_id = e.site_id
            left join {deliveries} d on d.destination_id = x.id and d.accepted_at = e.accepted_at and d.event_id = e.id
            where e.test is null and e.product <> ''
              and (d.state is not null or x.id = any (e.destinations)
                   or e.accepted_at >= x.created_at and e.accepted_at < coalesce(x.deleted_at, 'infinity'))
        ) entries
        cross join lateral (values ('received'), (outcome)) s (state)
        group by 1, 2, 3, 4
        on conflict (site_id, hour, destination_id, state) do update set count = statement_days.count + excluded.count
        """;
}
