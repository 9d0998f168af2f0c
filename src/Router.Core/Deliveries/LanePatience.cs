using Microsoft.Extensions.Options;

namespace Router.Core.Deliveries;

/// <summary>How long a lane waits for an answer before it goes on to its next lead.</summary>
public sealed class LanePatience(
    DestinationBulkheads bulkheads, IOptions<IsolationOptions> isolation, IOptions<LaneOptions> lanes, TimeProvider time)
{
    private int _awaited;

    /// <summary>Waits; whether the request is still under way then, so that it should leave the lane.</summary>
    /// <param name="sending">The request.</param>
    /// <param name="destination">Where to.</param>
    /// <param name="isHurried">Whether it is a claimed retry, or in the lane of large leads, which has few places.</param>
    internal async Task<bool> EndsBefore(Task sending, Guid destination, bool isHurried)
    {
        if (sending.IsCompleted)
            return false;
        var patience = With(destination, isHurried);
        Interlocked.Increment(ref _awaited);
        await sending.WaitAsync(patience, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Interlocked.Decrement(ref _awaited);
        return !sending.IsCompleted;
    }

    /// <summary>
    /// To leave the lane costs a write to the ledger; to stay takes up one of the lane's places. So the fewer places are left, the shorter
    /// the wait, and shortest for a destination that is known to be stuck. A claimed retry is in the ledger already.
    /// </summary>
    private TimeSpan With(Guid destination, bool isHurried)
    {
        var whole = isolation.Value.Patience;
        return bulkheads.IsStuck(destination) ? whole / 50
            : isHurried ? whole / 10
            : Volatile.Read(ref _awaited) > lanes.Value.Concurrency / 4 ? whole / 5
            : whole;
    }
}
