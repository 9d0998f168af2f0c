using Microsoft.Extensions.Options;
using Router.Core.Deliveries;

namespace Router.Worker;

/// <summary>
/// While fresh leads come, what can wait takes turns, few at a time, so that there is something left for them: retries, and a backlog in
/// the main lane that fresh leads go past. Otherwise nobody waits here.
/// </summary>
internal sealed class BacklogThrottle(IOptions<LaneOptions> options, TimeProvider time) : IDisposable
{
    // A fresh lead now and then doesn't slow a drain down; for a stream of them there is always one.
    private static readonly TimeSpan Memory = TimeSpan.FromMilliseconds(100);

    private readonly SemaphoreSlim _backlog = new(options.Value.BacklogConcurrency);
    private readonly SemaphoreSlim _retries = new(options.Value.BacklogConcurrency);
    private long _freshAt = long.MinValue / 2;
    private long _passingAt = long.MinValue / 2;

    /// <summary>A fresh lead is taken.</summary>
    public void SeeFresh() => Volatile.Write(ref _freshAt, time.GetTimestamp());

    /// <summary>A fresh lead went past the backlog.</summary>
    public void SeePassing()
    {
        SeeFresh();
        Volatile.Write(ref _passingAt, time.GetTimestamp());
    }

    /// <summary>For an event of the main lane; a turn is taken only while fresh ones go past it.</summary>
    public ValueTask<Turn> OfBacklog(CancellationToken cancellationToken) => Take(_backlog, ref _passingAt, cancellationToken);

    /// <summary>For a retry.</summary>
    public ValueTask<Turn> OfRetries(CancellationToken cancellationToken) => Take(_retries, ref _freshAt, cancellationToken);

    public void Dispose()
    {
        _backlog.Dispose();
        _retries.Dispose();
    }

    private ValueTask<Turn> Take(SemaphoreSlim semaphore, ref long seenAt, CancellationToken cancellationToken) =>
        time.GetElapsedTime(Volatile.Read(ref seenAt)) > Memory ? default : Wait(semaphore, cancellationToken);

    // When the worker stops, what hasn't begun goes back to its queue.
    private static async ValueTask<Turn> Wait(SemaphoreSlim semaphore, CancellationToken cancellationToken)
    {
        await semaphore.WaitAsync(cancellationToken);
        return new Turn(semaphore);
    }

    /// <summary>Disposed of when its work is done.</summary>
    public readonly struct Turn(SemaphoreSlim semaphore) : IDisposable
    {
        /// <summary>Whether there are fresh leads to give way to.</summary>
        public bool IsTaken => semaphore is not null;

        public void Dispose() => semaphore?.Release();
    }
}
