using Npgsql;

namespace Router.Core.Database;

/// <summary>
/// A group commit for what a lead doesn't depend on: it may take so long, and while the database is away nobody asks it at each lead.
/// </summary>
/// <typeparam name="TRow">What a caller hands in.</typeparam>
/// <typeparam name="TResult">What it gets back once its row is committed.</typeparam>
/// <param name="database">Where it is written.</param>
/// <param name="limit">How long a caller waits at most.</param>
/// <param name="time">The clock.</param>
/// <param name="gather">How long the first caller waits for company.</param>
/// <param name="measured">Is told of each commit; null for none.</param>
public abstract class BriefGroupCommit<TRow, TResult>(
    NpgsqlDataSource database, TimeSpan limit, TimeProvider time, TimeSpan gather = default, CommitSeries? measured = null)
    : GroupCommit<TRow, TResult>(availability: null, gather, measured)
{
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(2);

    private readonly DeadConnections _dead = new(database);
    private long _failedAt = long.MinValue / 2;

    /// <summary>Whether it was committed in time, and what came of it. Never throws.</summary>
    protected async Task<(bool IsCommitted, TResult? Result)> TryCommit(TRow row)
    {
        if (time.GetElapsedTime(Volatile.Read(ref _failedAt)) < AfterFailure)
            return default;

        try
        {
            return (true, await Commit(row).WaitAsync(limit, time));
        }
#pragma warning disable CA1031 // Whatever the database says: the lead is sound, and is taken.
        catch (Exception failed)
        {
            // Those that waited with it fail with it: one line says so for all.
            if (time.GetElapsedTime(Interlocked.Exchange(ref _failedAt, time.GetTimestamp())) >= AfterFailure)
                LogFailed(failed.GetType().Name);
            return default;
        }
#pragma warning restore CA1031
    }

    /// <summary>Writes all rows and returns a result for each, in their order.</summary>
    protected abstract Task<IReadOnlyList<TResult>> Write(
        NpgsqlConnection connection, IReadOnlyList<TRow> rows, CancellationToken cancellationToken);

    /// <summary>Says what was not done.</summary>
    protected abstract void LogFailed(string exception);

    /// <inheritdoc/>
    protected sealed override async ValueTask<IReadOnlyList<TResult>> Write(
        IReadOnlyList<TRow> rows, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(limit);
        try
        {
            await using var connection = await database.OpenConnectionAsync(timeout.Token);
            return await Write(connection, rows, timeout.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            _dead.Replace();
            throw;
        }
    }
}
