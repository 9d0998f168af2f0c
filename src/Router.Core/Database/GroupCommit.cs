using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Router.Core.Telemetry;

namespace Router.Core.Database;

/// <summary>
/// Many concurrent callers, one commit: whatever has gathered while the last commit ran goes into the next one. Under load a commit
/// carries dozens.
/// </summary>
/// <typeparam name="TRow">What a caller hands in.</typeparam>
/// <typeparam name="TResult">What it gets back once its row is committed.</typeparam>
/// <param name="availability">Waits for the database; null where callers would rather know at once that it is away.</param>
/// <param name="gather">
/// How long the first caller waits for company, for where no fresh lead waits for it: each commit is a flush, and those of Postgres and of
/// RabbitMQ stand in each other's way. Default zero: alone, a caller waits for nobody.
/// </param>
/// <param name="measured">Is told of each commit; null for none.</param>
public abstract class GroupCommit<TRow, TResult>(
    DatabaseAvailability? availability, TimeSpan gather = default, CommitSeries? measured = null) : BackgroundService
{
    private const int MostRows = 500;

    // Where commits have as many on average, a pause would only hold them up.
    private const int LargeBatch = 32;

    private readonly Channel<Waiting> _waiting = Channel.CreateUnbounded<Waiting>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>Returns when the row is committed.</summary>
    /// <exception cref="OperationCanceledException">The host stopped before the row was committed.</exception>
    protected Task<TResult> Commit(TRow row)
    {
        var waiting = RouterTraces.Commits.HasListeners() && RouterTraces.IsTraced
            ? new TracedWaiting(row, Activity.Current!.Context) : new Waiting(row);
        if (!_waiting.Writer.TryWrite(waiting))
            waiting.Done.SetCanceled();
        return waiting.Done.Task;
    }

    /// <summary>Writes all rows with one statement and returns a result for each, in their order.</summary>
    protected abstract ValueTask<IReadOnlyList<TResult>> Write(IReadOnlyList<TRow> rows, CancellationToken cancellationToken);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var batch = new List<Waiting>(MostRows);
        var average = 0.0;
        try
        {
            while (await _waiting.Reader.WaitToReadAsync(stoppingToken))
            {
                if (gather > TimeSpan.Zero && average < LargeBatch)
                    await Task.Delay(gather, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                batch.Clear();
                while (batch.Count < MostRows && _waiting.Reader.TryRead(out var waiting))
                    batch.Add(waiting);
                average += (batch.Count - average) / 8;
                await Write(batch, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Those that still wait are told below: their messages go back to the broker.
        }
        finally
        {
            _waiting.Writer.TryComplete();
            foreach (var waiting in batch)
                waiting.Done.TrySetCanceled(CancellationToken.None);
            while (_waiting.Reader.TryRead(out var waiting))
                waiting.Done.TrySetCanceled(CancellationToken.None);
        }
    }

    /// <summary>Returns when each row of the batch is committed or its caller knows why not.</summary>
    private async Task Write(List<Waiting> batch, CancellationToken stopping)
    {
        try
        {
            if (availability is null)
                await Commit(batch, stopping);
            else
                await availability.Wait(token => CommitAll(batch, token), stopping);
        }
        catch (Exception absent) when (availability is null && IsAbsence(absent, stopping))
        {
            Fail(batch, absent);
            // Those behind them would meet the same absence.
            while (_waiting.Reader.TryRead(out var waiting))
                waiting.Done.SetException(absent);
        }
        catch (Exception refused) when (!IsStop(refused, stopping))
        {
            await Divide(batch, refused, stopping);
        }
    }

    private async Task Commit(List<Waiting> batch, CancellationToken cancellationToken)
    {
        using var span = RouterTraces.Commits.HasListeners() ? Trace(batch) : null;
        var begun = Stopwatch.GetTimestamp();
        var results = await Write(batch.ConvertAll(waiting => waiting.Row), cancellationToken);
        measured?.Add(batch.Count, begun);
        for (var i = 0; i < batch.Count; i++)
            batch[i].Done.SetResult(results[i]);
        batch.Clear();
    }

    private static Activity? Trace(List<Waiting> batch) =>
        batch.OfType<TracedWaiting>().Select(waiting => waiting.Asker).ToList() is [var first, .. var others]
            ? RouterTraces.Commits.StartActivity(
                "commit", ActivityKind.Internal, first, [new("lead_router.rows", batch.Count)],
                others.Select(other => new ActivityLink(other)))
            : null;

    /// <summary>
    /// Where the server says something that isn't about a row, one row may bring it about all the same, and must not hold up all others for
    /// ever. So one of them tries by itself: if it gets through, the server is well, and the rest is divided.
    /// </summary>
    private async ValueTask<bool> CommitAll(List<Waiting> batch, CancellationToken cancellationToken)
    {
        // Those that came while this waited for the database go along with it.
        while (batch.Count < MostRows && _waiting.Reader.TryRead(out var waiting))
            batch.Add(waiting);
        try
        {
            await Commit(batch, cancellationToken);
        }
        catch (PostgresException refused) when (batch.Count > 1 && !RowFaults.Is(refused) && RowFaults.MayBeOne(refused))
        {
            var scout = batch[Random.Shared.Next(batch.Count)];
            await Commit([scout], cancellationToken);
            batch.Remove(scout);
            await CommitPart([.. batch], cancellationToken);
            batch.Clear();
        }

        return true;
    }

    /// <summary>Finds the rows that are refused by halves: they must not take their neighbours along.</summary>
    private async Task Divide(List<Waiting> batch, Exception refused, CancellationToken stopping)
    {
        if (batch.Count == 1)
        {
            Fail(batch, refused);
            return;
        }

        foreach (var half in batch.Chunk((batch.Count + 1) / 2).ToList())
            await CommitPart([.. half], stopping);
        batch.Clear();
    }

    /// <summary>What a server that is well says of a row is for its caller. Should it go away meanwhile, it is waited for.</summary>
    private async Task CommitPart(List<Waiting> part, CancellationToken stopping)
    {
        PostgresException? said = null;
        try
        {
            if (availability is null)
            {
                await Commit(part, stopping);
                return;
            }

            await availability.Wait(async token =>
            {
                try
                {
                    await Commit(part, token);
                }
                catch (PostgresException refused) when (RowFaults.MayBeOne(refused))
                {
                    said = refused;
                }

                return true;
            }, stopping);
        }
        catch (Exception refused) when (availability is null && IsAbsence(refused, stopping))
        {
            Fail(part, refused);
        }
        catch (Exception refused) when (!IsStop(refused, stopping))
        {
            await Divide(part, refused, stopping);
        }

        if (said is not null)
            await Divide(part, said, stopping);
    }

    private static void Fail(List<Waiting> batch, Exception why)
    {
        foreach (var waiting in batch)
            waiting.Done.SetException(why);
        batch.Clear();
    }

    private static bool IsStop(Exception failed, CancellationToken stopping) =>
        failed is OperationCanceledException && stopping.IsCancellationRequested;

    // A writer's own time limit is an absence too; the end of the host isn't.
    private static bool IsAbsence(Exception failed, CancellationToken stopping) =>
        failed is OperationCanceledException ? !stopping.IsCancellationRequested : DatabaseAvailability.IsOutage(failed);

    private class Waiting(TRow row)
    {
        public TRow Row { get; } = row;

        // Continuations elsewhere: the writer must go on to the next batch, not run its callers' code.
        public TaskCompletionSource<TResult> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class TracedWaiting(TRow row, ActivityContext asker) : Waiting(row)
    {
        public ActivityContext Asker { get; } = asker;
    }
}
