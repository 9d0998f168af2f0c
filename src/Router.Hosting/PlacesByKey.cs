using System.Threading.RateLimiting;

namespace Router.Hosting;

/// <summary>
/// How many have a place at a time, by one key or by several at once: the sites of those who ask, say, and all together. The others wait
/// in their order, so many of them at most.
/// </summary>
internal sealed class PlacesByKey<T> : PartitionedRateLimiter<T>
{
    private static readonly object WithoutKey = new();

    private readonly PartitionedRateLimiter<T>[] _each;
    private readonly PartitionedRateLimiter<T> _all;

    /// <param name="limits">Who share places (whoever has no key has as many as they like), how many, and how many of them wait.</param>
    public PlacesByKey(params (Func<T, object?> Key, int Most, int MostWaiting)[] limits)
    {
        _each = [.. limits.Select(limit => PartitionedRateLimiter.Create<T, object>(who => limit.Key(who) is { } key
            ? RateLimitPartition.GetConcurrencyLimiter(
                key, _ => new ConcurrencyLimiterOptions { PermitLimit = limit.Most, QueueLimit = limit.MostWaiting })
            : RateLimitPartition.GetNoLimiter(WithoutKey)))];
        _all = PartitionedRateLimiter.CreateChained(_each);
    }

    public override RateLimiterStatistics? GetStatistics(T resource) => _all.GetStatistics(resource);

    protected override RateLimitLease AttemptAcquireCore(T resource, int permitCount) => _all.AttemptAcquire(resource, permitCount);

    protected override ValueTask<RateLimitLease> AcquireAsyncCore(T resource, int permitCount, CancellationToken cancellationToken) =>
        _all.AcquireAsync(resource, permitCount, cancellationToken);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            // The whole doesn't dispose of its parts.
            _all.Dispose();
            foreach (var limiter in _each)
                limiter.Dispose();
        }

        base.Dispose(disposing);
    }
}
