using Dapper;
using Npgsql;
using Router.Core.Database;

namespace Router.Core.Retention;

/// <summary>
/// Drops a day's contents: the day is copied without them, and the copy put in its place. Copying locks nothing out: should the day be
/// written to meanwhile, a trigger notes it, and the copy is thrown away. The exchange takes milliseconds. Emptying row by row would
/// leave as much again of dead rows behind.
/// </summary>
internal static class OldContents
{
    /// <summary>Held while a day is copied, so that no erasure changes a row that was copied already: it takes it shared.</summary>
    public const long Copying = 0x4c45444745524350; // "LEDGERCP"

    private static readonly (string Table, string Key, string[] Contents)[] Ledgers =
    [
        ("lead_events", "id", ["body"]),
        ("deliveries", "event_id", ["response_body", "response_headers", "reason"]),
        ("delivery_attempts", "event_id", ["response_body", "response_headers", "reason"]),
    ];

    /// <summary>False when the day was written to meanwhile: its contents stay until the next time.</summary>
    /// <exception cref="PostgresException">The tables were in use for longer than we wait (55P03).</exception>
    public static async Task<bool> Drop(
        NpgsqlDataSource database, NpgsqlConnection connection, LedgerDay day, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var copying = await AdvisoryLock.Take(database, Copying, cancellationToken);
        await Watch(connection, day, cancellationToken);
        foreach (var (table, key, contents) in Ledgers)
            await Copy(connection, day, table, key, contents, cancellationToken);
        return await Exchange(connection, day, now, cancellationToken);
    }

    private static async Task<bool> Exchange(
        NpgsqlConnection connection, LedgerDay day, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync(LedgerDay.BriefLocks);
        await connection.ExecuteAsync("lock table only lead_events, only deliveries, only delivery_attempts in access exclusive mode");
        // A replay reads lead_events, so none can begin from here on. An erasure waits for us, and any other change was noted.
        if (await day.IsGoingAgain(connection, cancellationToken)
            || await connection.ExecuteScalarAsync<bool>("select written_to from ledger_days where name = @Name", new { day.Name }))
            return false;

        foreach (var (table, _, _) in Ledgers)
        {
            var (old, bare) = (day.Of(table), Bare(day, table));
            await connection.ExecuteAsync(
                $"""
                alter table {table} detach partition {old};
                drop table {old};
                alter table {bare} rename to {old};
                alter table {table} attach partition {old}
                    for values from ({await From(connection, day)}) to ({await Until(connection, day)});
                alter table {old} drop constraint of_its_day;
                """);
        }

        await connection.ExecuteAsync("update ledger_days set contents_deleted_at = @now where name = @Name", new { now, day.Name });
        // What comes from here on is for DefaultPartition.
        await NoteWrites(connection, day, "lead_events");
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>From here on whoever changes a row is noted; who began before is waited for, and so copied.</summary>
    private static async Task Watch(NpgsqlConnection connection, LedgerDay day, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync(LedgerDay.BriefLocks);
        await connection.ExecuteAsync("update ledger_days set written_to = false where name = @Name", new { day.Name });
        foreach (var (table, _, _) in Ledgers)
            await NoteWrites(connection, day, table);
        await transaction.CommitAsync(cancellationToken);
    }

    private static Task<int> NoteWrites(NpgsqlConnection connection, LedgerDay day, string table) => connection.ExecuteAsync(
        $"create or replace trigger note_written_to after insert or update or delete on {day.Of(table)} "
        + $"for each row execute function note_written_to('{day.Name}')");

    private static async Task Copy(
        NpgsqlConnection connection, LedgerDay day, string table, string key, string[] contents, CancellationToken cancellationToken)
    {
        var bare = Bare(day, table);
        var columns = await connection.ExecuteScalarAsync<string>(
            """
            select string_agg(case when attname = any (@contents) then 'null' else quote_ident(attname) end, ', ' order by attnum)
            from pg_attribute where attrelid = @table::regclass and attnum > 0 and not attisdropped
            """, new { table, contents });
        // The constraint is the partition's own: with it, attaching needs no look at the rows.
        await connection.ExecuteAsync(
            $"""
            drop table if exists {bare};
            create table {bare} (like {table} including all);
            alter table {bare} add constraint of_its_day
                check ({key} >= {await From(connection, day)} and {key} < {await Until(connection, day)});
            """);
        await connection.ExecuteAsync(new CommandDefinition(
            $"insert into {bare} select {columns} from {day.Of(table)}", commandTimeout: 0, cancellationToken: cancellationToken));
        // Not left to autovacuum: it would read and write all of it once more, some day.
        await connection.ExecuteAsync(
            new CommandDefinition($"vacuum (freeze, analyze) {bare}", commandTimeout: 0, cancellationToken: cancellationToken));
    }

    private static string Bare(LedgerDay day, string table) => $"{day.Of(table)}_bare";

    private static Task<string> From(NpgsqlConnection connection, LedgerDay day) => Bound(connection, day.StartsAt);

    private static Task<string> Until(NpgsqlConnection connection, LedgerDay day) => Bound(connection, day.EndsAt);

    private static async Task<string> Bound(NpgsqlConnection connection, DateTimeOffset at) =>
        $"'{await connection.ExecuteScalarAsync<Guid>("select first_event_id(@at)", new { at })}'";
}
