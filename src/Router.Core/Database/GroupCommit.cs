using System.Threading.Channels;
using Microsoft.Extensions.Hosting;

namespace Router.Core.Database;

/// <summary>
/// Many concurrent callers, one commit: whatever has gathered while the last commit ran goes into the next one. Under load a commit
/// carries dozens.
/// </summary>
/// <typeparam name="TRow">What a caller hands in.</typeparam>
/// <typeparam name="TResult">What it gets back once its row is committed.</typeparam>
/// <param name="availability">Waits for the database; null where callers would rather know at once that it is away.</param>
/// <param name="gather">
/// How long the first caller waits for company, for where no fresh lead waits for it: each commit is a flush, and those of Postgres and of RabbitMQ
/// stand in each other's way. Default zero: alone, a caller waits for nobody.
/// </param>
public abstract class GroupCommit<TRow, TResult>(DatabaseAvailability? availability, TimeSpan gather = default) : BackgroundService
{
    private const int MostRows = 500;

    // Where commits have as many on average, a pause would only hold them up.
    private const int Crowd = 32;

    private readonly Channel<Waiting> _waiting = Channel.CreateUnbounded<Waiting>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>Returns when the row is committed.</summary>
    /// <exception cref="OperationCanceledException">The host stopped before the row was committed.</exception>
    protected Task<TResult> Commit(TRow row)
    {
        var waiting = new Waiting(row);
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
                if (gather > TimeSpan.Zero && average < Crowd)
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

    private async Task Write(List<Waiting> batch, CancellationToken cancellationToken)
    {
        try
        {
            var rows = batch.ConvertAll(waiting => waiting.Row);
            var results = availability is null
                ? await Write(rows, cancellationToken)
                : await availability.Wait(token => Write(rows, token), cancellationToken);
            for (var i = 0; i < batch.Count; i++)
                batch[i].Done.SetResult(results[i]);
        }
        catch (Exception absent) when (availability is null && IsAbsence(absent, cancellationToken))
        {
            foreach (var waiting in batch)
                waiting.Done.SetException(absent);
            // Those behind them would meet the same absence.
            while (_waiting.Reader.TryRead(out var waiting))
                waiting.Done.SetException(absent);
        }
        catch (Exception refused) when (refused is not OperationCanceledException && batch.Count == 1)
        {
            batch[0].Done.SetException(refused);
        }
        catch (Exception refused) when (refused is not OperationCanceledException)
        {
            // One row that the database refuses must not take its neighbours along: each for itself.
            foreach (var waiting in batch)
                await Write([waiting], cancellationToken);
        }
    }

    // A writer's own time limit is an absence too; the end of the host isn't.
    private static bool IsAbsence(Exception failed, CancellationToken stopping) =>
        failed is OperationCanceledException ? !stopping.IsCancellationRequested : DatabaseAvailability.IsOutage(failed);

    private sealed class Waiting(TRow row)
    {
        public TRow Row { get; } = row;

        // Continuations elsewhere: the writer must go on to the next batch, not run its callers' code.
        public TaskCompletionSource<TResult> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
