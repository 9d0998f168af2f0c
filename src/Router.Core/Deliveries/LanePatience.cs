using Microsoft.Extensions.Options;

namespace Router.Core.Deliveries;

/// <summary>How long a lane waits for an answer before it goes on to its next lead.</summary>
public sealed class LanePatience(
    DestinationBulkheads bulkheads, IOptions<IsolationOptions> isolation, IOptions<LaneOptions> lanes, TimeProvider time)
{
    private int _awaited;

    /// <summary>Waits; whether the request is still under way then, so that it should leave the lane.</summary>
    internal async Task<bool> EndsBefore(Task sending, Guid destination, bool isClaimed)
    {
        if (sending.IsCompleted)
            return false;
        var patience = With(destination, isClaimed);
        Interlocked.Increment(ref _awaited);
        await sending.WaitAsync(patience, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Interlocked.Decrement(ref _awaited);
        return !sending.IsCompleted;
    }

    /// <summary>
    /// To leave the lane costs a write to the ledger; to stay takes up one of the lane's places. So the fewer places are left, the shorter
    /// the wait, and shortest for a destination that is known to be stuck. A claimed retry is in the ledger already.
    /// </summary>
    private TimeSpan With(Guid destination, bool isClaimed)
    {
        var whole = isolation.Value.Patience;
        return bulkheads.IsStuck(destination) ? whole / 50
            : isClaimed ? whole / 10
            : Volatile.Read(ref _awaited) > lanes.Value.Concurrency / 4 ? whole / 5
            : whole;
    }
}
