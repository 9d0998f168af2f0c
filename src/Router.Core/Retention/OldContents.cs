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

    private static readonly string[] Ledgers = ["lead_events", "deliveries", "delivery_attempts"];

    /// <summary>False when the day was written to meanwhile: its contents stay until the next time.</summary>
    /// <exception cref="PostgresException">The tables were in use for longer than we wait (55P03).</exception>
    public static async Task<bool> Drop(
        NpgsqlDataSource database, NpgsqlConnection connection, LedgerDay day, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var copying = await AdvisoryLock.Take(database, Copying, cancellationToken);
        await Watch(connection, day, cancellationToken);
        foreach (var table in Ledgers)
            await Copy(connection, day, table, cancellationToken);
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

        await connection.ExecuteAsync("select exchange_ledger_day(@Name)", new { day.Name });
        await connection.ExecuteAsync("update ledger_days set contents_deleted_at = @now where name = @Name", new { now, day.Name });
        // What comes from here on is for DefaultPartition.
        await NoteWrites(connection, day, [Ledgers[0]]);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>From here on whoever changes a row is noted; who began before is waited for, and so copied.</summary>
    private static async Task Watch(NpgsqlConnection connection, LedgerDay day, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync(LedgerDay.BriefLocks);
        await connection.ExecuteAsync("update ledger_days set written_to = false where name = @Name", new { day.Name });
        await NoteWrites(connection, day, Ledgers);
        await transaction.CommitAsync(cancellationToken);
    }

    private static Task<int> NoteWrites(NpgsqlConnection connection, LedgerDay day, string[] tables) =>
        connection.ExecuteAsync("select watch_ledger_day(@Name, @tables)", new { day.Name, tables });

    private static async Task Copy(NpgsqlConnection connection, LedgerDay day, string table, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync(new CommandDefinition("select copy_ledger_day(@Name, @table)", new { day.Name, table },
            commandTimeout: 0, cancellationToken: cancellationToken));
        // Not left to autovacuum: it would read and write all of it once more, some day. Before version 17 Postgres lets only the owner
        // of a table do it, skips it for others, and autovacuum does it after all.
        await connection.ExecuteAsync(
            new CommandDefinition($"vacuum (freeze) {day.Of(table)}_bare", commandTimeout: 0, cancellationToken: cancellationToken));
    }
}
