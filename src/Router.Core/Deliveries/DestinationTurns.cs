using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using NpgsqlTypes;
using Router.Core.Database;

namespace Router.Core.Deliveries;

/// <summary>A delivery that wants to be sent at the pace of its destination.</summary>
/// <param name="DestinationId">The destination.</param>
/// <param name="PerSecond">Its pace.</param>
/// <param name="Yields">Whether fresh leads go before it.</param>
public readonly record struct WantedTurn(Guid DestinationId, double PerSecond, bool Yields);

/// <summary>
/// The pace of destinations that have one (<c>max_per_second</c>), over all workers together: each request takes its turn in Postgres.
/// Those that ask at the same moment are asked for together. Who dies with a turn costs nothing but that turn.
/// </summary>
public sealed class DestinationTurns(
    [FromKeyedServices(Databases.Unflushed)] NpgsqlDataSource database, DatabaseAvailability availability, CommitMetrics metrics)
    : GroupCommit<WantedTurn, TimeSpan?>(availability, TimeSpan.FromMilliseconds(1), metrics.Of("turns"))
{
    // In advance, by fresh leads. They wait in their workers' memory, so there is an end to it, too.
    private const double MostSeconds = 5;
    private const double MostWaiting = 500;

    /// <summary>When its turn is, from now, at once where it is zero or less; null: none is near, and it waits in the ledger.</summary>
    public Task<TimeSpan?> Take(WantedTurn wanted) => Commit(wanted);

    /// <summary>How far in advance fresh leads may take turns: past the one that the backlog has just taken in any case.</summary>
    internal static TimeSpan Ahead(double perSecond) =>
        TimeSpan.FromSeconds(Math.Max(1 / perSecond + 0.5, Math.Min(MostSeconds, MostWaiting / perSecond)));

    /// <inheritdoc/>
    protected override async ValueTask<IReadOnlyList<TimeSpan?>> Write(
        IReadOnlyList<WantedTurn> rows, CancellationToken cancellationToken)
    {
        const string sql = """
            select t.starts_in, t.fresh_taken, t.backlog_taken
            from unnest($1, $2, $3, $4, $5) with ordinality as w (destination_id, every, ahead, fresh, backlog, n)
            cross join lateral take_turns(w.destination_id, w.every, w.ahead, w.fresh, w.backlog) t
            order by w.n
            """;
        // In one order, or two workers would wait for each other.
        var wanted = rows.GroupBy(row => row.DestinationId).OrderBy(group => group.Key).ToList();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        command.Add(NpgsqlDbType.Uuid, wanted, group => group.Key);
        command.Add(NpgsqlDbType.Interval, wanted, group => Every(group.First().PerSecond));
        command.Add(NpgsqlDbType.Interval, wanted, group => Ahead(group.First().PerSecond));
        command.Add(NpgsqlDbType.Integer, wanted, group => group.Count(row => !row.Yields));
        command.Add(NpgsqlDbType.Integer, wanted, group => group.Count(row => row.Yields));

        var turns = new Dictionary<Guid, Turns>(wanted.Count);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        foreach (var group in wanted)
        {
            await reader.ReadAsync(cancellationToken);
            turns[group.Key] = new Turns(reader.GetTimeSpan(0), Every(group.First().PerSecond), reader.GetInt32(1), reader.GetInt32(2));
        }

        return [.. rows.Select(row => turns[row.DestinationId].Next(row.Yields))];
    }

    private static TimeSpan Every(double perSecond) => TimeSpan.FromSeconds(1 / perSecond);

    /// <summary>Hands out what was taken: to fresh leads first.</summary>
    private sealed class Turns(TimeSpan startsIn, TimeSpan every, int fresh, int backlog)
    {
        private int _fresh;
        private int _backlog;

        public TimeSpan? Next(bool yields) => yields
            ? _backlog < backlog ? startsIn + ((fresh + _backlog++) * every) : null
            : _fresh < fresh ? startsIn + (_fresh++ * every) : null;
    }
}
