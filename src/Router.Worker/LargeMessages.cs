using System.Collections.Concurrent;
using System.Threading.RateLimiting;
using Router.Core.Leads;

namespace Router.Worker;

/// <summary>
/// How many bytes of large leads each lane works on at a time: as an object a lead takes several times its size in memory. Small ones never
/// wait.
/// </summary>
internal sealed class LargeMessages : IDisposable
{
    /// <summary>In KiB, and so is what is taken of it.</summary>
    private const int Most = 16 * 1024;

    private readonly ConcurrentDictionary<string, ConcurrencyLimiter> _lanes = new(StringComparer.Ordinal);

    /// <summary>Room for one of that queue, given back when it is disposed of; null for a small one.</summary>
    /// <exception cref="OperationCanceledException">There was none before that.</exception>
    public ValueTask<RateLimitLease?> Enter(string queue, long bytes, CancellationToken cancellationToken) =>
        bytes <= LeadEvent.Large ? default : Wait(queue, bytes, cancellationToken);

    public void Dispose()
    {
        foreach (var lane in _lanes.Values)
            lane.Dispose();
    }

    private async ValueTask<RateLimitLease?> Wait(string queue, long bytes, CancellationToken cancellationToken) =>
        await _lanes.GetOrAdd(queue, _ => new ConcurrencyLimiter(new ConcurrencyLimiterOptions
        {
            PermitLimit = Most, QueueLimit = int.MaxValue, QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        })).AcquireAsync((int)Math.Min(bytes / 1024, Most), cancellationToken);
}
