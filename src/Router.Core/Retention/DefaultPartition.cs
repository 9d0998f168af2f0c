using Dapper;
using Npgsql;

namespace Router.Core.Retention;

/// <summary>
/// Looks after rows in no day of their own: those in the default partitions, of days that began without partitions, and those that came
/// into a day after it was emptied. In small batches, row by row: there are few.
/// </summary>
internal static class DefaultPartition
{
    private const int Batch = 1_000;

    /// <summary>
    /// Empties what is from before <paramref name="bodies"/> and deletes what is from before <paramref name="rows"/>; how many events.
    /// </summary>
    public static async Task<int> Drop(
        NpgsqlConnection connection, DateTimeOffset bodies, DateTimeOffset rows, CancellationToken cancellationToken)
    {
        var count = await DropContents(connection, "default", bodies, cancellationToken);
        return count + await DropRows(connection, rows, cancellationToken);
    }

    /// <summary>Emptied days into which events came since.</summary>
    public static async Task<List<LedgerDay>> WrittenTo(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        (await connection.QueryAsync<LedgerDay>(new CommandDefinition(
            "select name, starts_at, ends_at from ledger_days where contents_deleted_at is not null and written_to order by ends_at",
            cancellationToken: cancellationToken))).AsList();

    /// <summary>Empties what came into a day after it was emptied and has been delivered or given up; how many events.</summary>
    /// <exception cref="PostgresException">The tables were in use for longer than we wait (55P03).</exception>
    public static async Task<int> DropContents(NpgsqlConnection connection, LedgerDay day, CancellationToken cancellationToken)
    {
        const string note = "update ledger_days set written_to = @isWrittenTo where name = @Name";
        await using (var transaction = await connection.BeginTransactionAsync(cancellationToken))
        {
            // Whoever writes now ends first, and so is seen below; whoever comes later notes it anew.
            await connection.ExecuteAsync($"{LedgerDay.BriefLocks}; lock table only {day.Of("lead_events")} in share row exclusive mode");
            await connection.ExecuteAsync(note, new { isWrittenTo = false, day.Name });
            await transaction.CommitAsync(cancellationToken);
        }

        var count = await DropContents(connection, day.Name, day.EndsAt, cancellationToken);
        if (await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            $"select exists (select from {day.Of("lead_events")} where body is not null)", commandTimeout: 0,
            cancellationToken: cancellationToken)))
            await connection.ExecuteAsync(note, new { isWrittenTo = true, day.Name });
        return count;
    }

    private static async Task<int> DropContents(
        NpgsqlConnection connection, string part, DateTimeOffset limit, CancellationToken cancellationToken)
    {
        var sql = $"""
            with old as (
                select e.id, e.accepted_at, e.destinations from lead_events_{part} e
                where e.id < first_event_id(@limit) and e.body is not null and {LedgerDay.IsFinished($"deliveries_{part}")}
                limit @Batch
                for update of e skip locked
            ), answers as (
                update deliveries_{part} d set response_body = null, response_headers = null, reason = null
                from old cross join unnest(old.destinations) x (id)
                where d.destination_id = x.id and d.accepted_at = old.accepted_at and d.event_id = old.id
                  and (d.response_body is not null or d.response_headers is not null or d.reason is not null)
            ), earlier_answers as (
                update delivery_attempts_{part} a set response_body = null, response_headers = null, reason = null
                from old where a.event_id = old.id
                  and (a.response_body is not null or a.response_headers is not null or a.reason is not null)
            )
            update lead_events_{part} e set body = null from old where e.id = old.id
            """;
        return await InBatches(connection, sql, limit, cancellationToken);
    }

    private static async Task<int> DropRows(NpgsqlConnection connection, DateTimeOffset limit, CancellationToken cancellationToken)
    {
        var sql = $"""
            with old as (
                select e.* from lead_events_default e
                where e.id < first_event_id(@limit) and {LedgerDay.IsFinished("deliveries_default")}
                limit @Batch
                for update of e skip locked
            ), attempts as (
                delete from delivery_attempts_default a using old where a.event_id = old.id
            ), gone as (
                delete from deliveries_default d using old cross join unnest(old.destinations) x (id)
                where d.destination_id = x.id and d.accepted_at = old.accepted_at and d.event_id = old.id returning d.*
            ), counted as (
                {OldRows.Count("old", "gone")}
            )
            delete from lead_events_default e using old where e.id = old.id
            """;
        return await InBatches(connection, sql, limit, cancellationToken);
    }

    private static async Task<int> InBatches(
        NpgsqlConnection connection, string sql, DateTimeOffset limit, CancellationToken cancellationToken)
    {
        var all = 0;
        while (true)
        {
            var rows = await connection.ExecuteAsync(
                new CommandDefinition(sql, new { limit, Batch }, commandTimeout: 0, cancellationToken: cancellationToken));
            all += rows;
            if (rows < Batch)
                return all;
        }
    }
}
