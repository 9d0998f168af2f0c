using Dapper;
using Npgsql;

namespace Router.Core.Retention;

/// <summary>Makes partitions of days before they begin.</summary>
internal static class ComingDays
{
    /// <summary>The days up to that one that have no partitions.</summary>
    public static async Task<List<DateOnly>> Missing(
        NpgsqlConnection connection, DateTimeOffset now, int ahead, CancellationToken cancellationToken)
    {
        var days = await connection.QueryAsync<DateTime>(new CommandDefinition(
            """
            select day at time zone 'UTC'
            from generate_series(date_trunc('day', @now, 'UTC'), @now + @ahead * interval '24 hours', interval '24 hours') as day
            where not exists (select from ledger_days l where l.ends_at > day and l.starts_at <= day)
            """, new { now, ahead }, cancellationToken: cancellationToken));
        return [.. days.Select(DateOnly.FromDateTime)];
    }

    /// <summary>
    /// Makes one. False when there are rows of it in the default partition: it has begun already, or somebody's clock is ahead. They stay
    /// where they are, and <see cref="DefaultPartition"/> takes care of them.
    /// </summary>
    /// <exception cref="PostgresException">The tables were in use for longer than we wait (55P03).</exception>
    public static async Task<bool> Make(NpgsqlConnection connection, DateOnly day, CancellationToken cancellationToken)
    {
        try
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await connection.ExecuteAsync(LedgerDay.BriefLocks);
            await connection.ExecuteAsync(new CommandDefinition("select create_ledger_day(@day::date)",
                new { day = day.ToDateTime(TimeOnly.MinValue) }, cancellationToken: cancellationToken));
            await transaction.CommitAsync(cancellationToken);
            return true;
        }
        catch (PostgresException taken) when (taken.SqlState == PostgresErrorCodes.CheckViolation)
        {
            return false;
        }
    }
}
