using System.Globalization;
using Dapper;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Core.Database;
using Router.Core.Deliveries;
using Router.Core.Intake;

namespace Router.Core.Retention;

/// <summary>
/// Keeps the ledger's days: makes those that come, drops the contents of old ones and later their rows. One worker at a time does it;
/// no step holds a lock for longer than a blink, or waits for one for longer than that.
/// </summary>
public sealed partial class LedgerRetention(
    NpgsqlDataSource database, IOptions<RetentionOptions> options, TimeProvider time, ILogger<LedgerRetention> logger)
{
    private const long OneAtATime = 0x4c45444745524b50; // "LEDGERKP"

    /// <summary>Makes the coming days.</summary>
    /// <returns>False when another worker is at it, or a day could not be made now.</returns>
    public Task<bool> MakeDays(CancellationToken cancellationToken) => Alone(
        async (connection, token) =>
        {
            if (int.Parse(await connection.ExecuteScalarAsync<string>("show max_locks_per_transaction") ?? "",
                CultureInfo.InvariantCulture) is < 512 and var locks)
                LogFewLocks(logger, locks);
            return await MakeDays(connection, token);
        },
        cancellationToken);

    /// <summary>Does all there is to do now.</summary>
    /// <returns>False when another worker is at it, or something has to be tried again.</returns>
    public Task<bool> Tend(CancellationToken cancellationToken) => Alone(
        async (connection, token) =>
        {
            var done = await MakeDays(connection, token);
            await connection.ExecuteAsync(new CommandDefinition(
                "delete from directory_changes where at < now() - interval '1 hour'", cancellationToken: token));
            await RefusedCounts.DropOld(connection, time.GetUtcNow(), token);
            await RefusedLeads.DropOld(connection, time.GetUtcNow(), options.Value.BodiesAfter, token);
            if (await Expired.GiveUp(connection, time.GetUtcNow() - options.Value.RowsAfter, token) is > 0 and var expired)
                LogExpired(logger, expired);
            done &= await EachDay(
                connection, "contents_deleted_at is null and ends_at <= @limit", options.Value.BodiesAfter, DropContents, token);
            done &= await EachDay(
                connection, "contents_deleted_at is not null and ends_at <= @limit", options.Value.RowsAfter, DropRows, token);
            foreach (var day in await DefaultPartition.WrittenTo(connection, token))
                done &= await Attempt(day.Name, () => EmptyAgain(connection, day, token));
            await OldKeys.Drop(connection, time.GetUtcNow(), token);
            await OldSessions.Drop(connection, time.GetUtcNow(), token);
            await OldAccess.Drop(connection, time.GetUtcNow() - options.Value.AccessLogAfter, token);
            var now = time.GetUtcNow();
            if (await DefaultPartition.Drop(
                connection, now - options.Value.BodiesAfter, now - options.Value.RowsAfter, token) is > 0 and var events)
                LogDefaultPartition(logger, events);
            if (await OldSetAside.Drop(connection, time.GetUtcNow() - options.Value.BodiesAfter, time.GetUtcNow() - options.Value.RowsAfter,
                token) is > 0 and var aside)
                LogSetAside(logger, aside);
            var prints = options.Value.BodiesAfter < LeadPrints.Kept ? options.Value.BodiesAfter : LeadPrints.Kept;
            await OldLeads.Drop(
                connection, time.GetUtcNow() - options.Value.BodiesAfter, time.GetUtcNow() - options.Value.RowsAfter,
                time.GetUtcNow() - prints, token);
            return done;
        },
        cancellationToken);

    private async Task<bool> Alone(Func<NpgsqlConnection, CancellationToken, Task<bool>> work, CancellationToken cancellationToken)
    {
        await using var alone = await AdvisoryLock.TryTake(database, OneAtATime, cancellationToken);
        if (alone is null)
            return false;

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await work(connection, cancellationToken);
    }

    private async Task<bool> MakeDays(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var done = true;
        foreach (var day in await ComingDays.Missing(connection, time.GetUtcNow(), options.Value.DaysAhead, cancellationToken))
        {
            done &= await Attempt($"{day:yyyyMMdd}", async () =>
            {
                if (await ComingDays.Make(connection, day, cancellationToken))
                    LogMade(logger, $"{day:yyyyMMdd}");
                else
                    LogInDefault(logger, $"{day:yyyyMMdd}");
                return true;
            });
        }

        return done;
    }

    private async Task<bool> EachDay(
        NpgsqlConnection connection, string which, TimeSpan age, Func<NpgsqlConnection, LedgerDay, CancellationToken, Task<bool>> drop,
        CancellationToken cancellationToken)
    {
        var days = await connection.QueryAsync<LedgerDay>(new CommandDefinition(
            $"select name, starts_at, ends_at from ledger_days where {which} order by ends_at", new { limit = time.GetUtcNow() - age },
            cancellationToken: cancellationToken));
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
        if (!await OldContents.Drop(database, connection, day, time.GetUtcNow(), cancellationToken))
            return false;

        LogContents(logger, day.Name);
        return true;
    }

    private async Task<bool> EmptyAgain(NpgsqlConnection connection, LedgerDay day, CancellationToken cancellationToken)
    {
        if (await DefaultPartition.DropContents(connection, day, cancellationToken) is > 0 and var emptied)
            LogEmptiedAgain(logger, emptied, day.Name);
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

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "max_locks_per_transaction of Postgres is {Locks}. Set it to 512: "
        + "with 90 days of the ledger, some statements hold a thousand locks")]
    private static partial void LogFewLocks(ILogger logger, int locks);

    [LoggerMessage(Level = LogLevel.Information, Message = "The ledger has a day {Day}")]
    private static partial void LogMade(ILogger logger, string day);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Day {Day} of the ledger stays in the default partition: there are rows of it already")]
    private static partial void LogInDefault(ILogger logger, string day);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} old events outside of days were emptied or dropped")]
    private static partial void LogDefaultPartition(ILogger logger, int count);

    [LoggerMessage(Level = LogLevel.Error,
        Message = "{Count} messages were set aside for as long as contents are kept (Retention:BodiesAfter); their contents are deleted")]
    private static partial void LogSetAside(ILogger logger, int count);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "{Count} events that came into day {Day} after its contents were dropped are emptied, too")]
    private static partial void LogEmptiedAgain(ILogger logger, int count, string day);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Day {Day} of the ledger is kept for now: {Unfinished} of its deliveries are unfinished")]
    private static partial void LogKept(ILogger logger, string day, int unfinished);

    [LoggerMessage(Level = LogLevel.Error,
        Message = "{Count} deliveries were unfinished for as long as rows are kept (Retention:RowsAfter) and are given up")]
    private static partial void LogExpired(ILogger logger, int count);

    [LoggerMessage(Level = LogLevel.Information, Message = "Contents of leads of day {Day} are dropped")]
    private static partial void LogContents(ILogger logger, string day);

    [LoggerMessage(Level = LogLevel.Information, Message = "Rows of day {Day} are dropped; their counts stay")]
    private static partial void LogRows(ILogger logger, string day);

    [LoggerMessage(Level = LogLevel.Information, Message = "Day {Day} of the ledger is in use; trying again later")]
    private static partial void LogBusy(ILogger logger, string day);
}
