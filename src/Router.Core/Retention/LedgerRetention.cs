using Dapper;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Router.Core.Retention;

/// <summary>
/// Keeps the ledger's days: makes those that come, drops the contents of old ones and later their rows. One worker at a time does it;
/// no step holds a lock for longer than a blink, or waits for one for longer than that.
/// </summary>
public sealed partial class LedgerRetention(NpgsqlDataSource database, IOptions<RetentionOptions> options, TimeProvider time, ILogger<LedgerRetention> logger)
{
    private const long OneAtATime = 0x4c45444745524b50; // "LEDGERKP"

    /// <summary>Held while a day is copied, so that an erasure changes no row that was copied already: it takes it shared.</summary>
    internal const long Copying = 0x4c45444745524350; // "LEDGERCP"

    /// <summary>Makes the coming days.</summary>
    /// <returns>False when another worker is at it, or a day could not be made now.</returns>
    public Task<bool> MakeDays(CancellationToken cancellationToken) => Alone(MakeDays, cancellationToken);

    /// <summary>Does all there is to do now.</summary>
    /// <returns>False when another worker is at it, or something has to be tried again.</returns>
    public Task<bool> Tend(CancellationToken cancellationToken) => Alone(
        async (connection, token) =>
        {
            var done = await MakeDays(connection, token);
            done &= await EachDay(connection, "contents_deleted_at is null and ends_at <= @limit", options.Value.BodiesAfter, DropContents, token);
            return done & await EachDay(connection, "contents_deleted_at is not null and ends_at <= @limit", options.Value.RowsAfter, DropRows, token);
        },
        cancellationToken);

    private async Task<bool> Alone(Func<NpgsqlConnection, CancellationToken, Task<bool>> work, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        if (!await connection.ExecuteScalarAsync<bool>("select pg_try_advisory_lock(@OneAtATime)", new { OneAtATime }))
            return false;

        try
        {
            return await work(connection, cancellationToken);
        }
        finally
        {
            // A broken connection has given it back already.
            if (connection.State == System.Data.ConnectionState.Open)
                await connection.ExecuteAsync("select pg_advisory_unlock(@OneAtATime)", new { OneAtATime });
        }
    }

    private async Task<bool> MakeDays(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        var missing = await connection.QueryAsync<DateTime>(new CommandDefinition(
            """
            select day from generate_series(@first::timestamptz, @last::timestamptz, interval '24 hours') as day
            where not exists (select from ledger_days l where l.ends_at > day and coalesce(l.starts_at, '-infinity') <= day)
            """,
            new { first = today.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc), last = today.AddDays(options.Value.DaysAhead).ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc) },
            cancellationToken: cancellationToken));
        var done = true;
        foreach (var day in missing)
            done &= await Attempt($"{day:yyyyMMdd}", () => MakeDay(connection, DateOnly.FromDateTime(day), cancellationToken));
        return done;
    }

    private async Task<bool> MakeDay(NpgsqlConnection connection, DateOnly day, CancellationToken cancellationToken)
    {
        try
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await connection.ExecuteAsync(LedgerDay.BriefLocks);
            await connection.ExecuteAsync(new CommandDefinition(
                "select create_ledger_day(@day::date)", new { day = day.ToDateTime(TimeOnly.MinValue) }, cancellationToken: cancellationToken));
            await transaction.CommitAsync(cancellationToken);
            LogMade(logger, $"{day:yyyyMMdd}");
        }
        catch (PostgresException taken) when (taken.SqlState == PostgresErrorCodes.CheckViolation)
        {
            // It has begun already without a partition, or somebody's clock is ahead: it stays where it is, row by row.
            LogInDefault(logger, $"{day:yyyyMMdd}");
        }

        return true;
    }

    private async Task<bool> EachDay(
        NpgsqlConnection connection, string which, TimeSpan age, Func<NpgsqlConnection, LedgerDay, CancellationToken, Task<bool>> drop, CancellationToken cancellationToken)
    {
        var days = await connection.QueryAsync<LedgerDay>(new CommandDefinition(
            $"select name, starts_at, ends_at from ledger_days where {which} order by ends_at", new { limit = time.GetUtcNow() - age }, cancellationToken: cancellationToken));
        var done = true;
        foreach (var day in days.AsList())
        {
            if (await day.Unfinished(connection, cancellationToken) is > 0 and var unfinished)
                LogKept(logger, day.Name, unfinished);
            else
                done &= await Attempt(day.Name, () => drop(connection, day, cancellationToken));
        }

        return done;
    }

    private async Task<bool> DropContents(NpgsqlConnection connection, LedgerDay day, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync("select pg_advisory_lock(@Copying)", new { Copying });
        try
        {
            if (!await OldContents.Drop(connection, day, time.GetUtcNow(), cancellationToken))
                return false;
        }
        finally
        {
            if (connection.State == System.Data.ConnectionState.Open)
                await connection.ExecuteAsync("select pg_advisory_unlock(@Copying)", new { Copying });
        }

        LogContents(logger, day.Name);
        return true;
    }

    private async Task<bool> DropRows(NpgsqlConnection connection, LedgerDay day, CancellationToken cancellationToken)
    {
        if (!await OldRows.Drop(connection, day, cancellationToken))
            return false;

        LogRows(logger, day.Name);
        return true;
    }

    private async Task<bool> Attempt(string day, Func<Task<bool>> step)
    {
        try
        {
            return await step();
        }
        catch (PostgresException busy) when (busy.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected)
        {
            LogBusy(logger, day);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The ledger has a day {Day}")]
    private static partial void LogMade(ILogger logger, string day);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Day {Day} of the ledger stays in the default partition: there are rows of it already")]
    private static partial void LogInDefault(ILogger logger, string day);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Day {Day} of the ledger is kept for now: {Unfinished} of its deliveries are unfinished")]
    private static partial void LogKept(ILogger logger, string day, int unfinished);

    [LoggerMessage(Level = LogLevel.Information, Message = "Contents of leads of day {Day} are dropped")]
    private static partial void LogContents(ILogger logger, string day);

    [LoggerMessage(Level = LogLevel.Information, Message = "Rows of day {Day} are dropped; their counts stay")]
    private static partial void LogRows(ILogger logger, string day);

    [LoggerMessage(Level = LogLevel.Information, Message = "Day {Day} of the ledger is in use; trying again later")]
    private static partial void LogBusy(ILogger logger, string day);
}
