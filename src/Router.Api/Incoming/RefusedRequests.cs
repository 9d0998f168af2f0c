using System.Collections.Concurrent;
using Router.Core.Duties;
using Router.Core.Intake;
using Router.Core.Sites;

namespace Router.Api.Incoming;

/// <summary>
/// Counts the requests of known products that were refused, without contents: in the database for the operator's pages, and in the log, at
/// most a line a minute for each product and reason. The first one is logged at once, the others when the minute is over.
/// </summary>
internal sealed partial class RefusedRequests(RefusedCounts counts, HostDuties duties, TimeProvider time, ILogger<RefusedRequests> logger)
    : PeriodicWork("Counting refused requests", Interval, duties, time)
{
    // Reasons are sentences of ours; a product can't think of more than these.
    private const int MostReasons = 10_000;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Logged = TimeSpan.FromMinutes(1);

    private readonly TimeProvider _time = time;
    private readonly ConcurrentDictionary<(string Product, int Status, string Reason), Counter> _counters = new();

    public void Add(Product product, int status, string sentence)
    {
        var key = (product.Username, status, WithoutPlace(sentence));
        if (!_counters.TryGetValue(key, out var counter) && _counters.Count < MostReasons)
            counter = _counters.GetOrAdd(key, _ => new Counter());
        if (counter?.Add(_time.GetUtcNow()) is { } untold)
            LogRefused(logger, product.Username, untold, status, key.Item3);
    }

    /// <summary>Where in the body it was differs each time.</summary>
    public static string WithoutPlace(string sentence)
    {
        var place = sentence.IndexOf(" (", StringComparison.Ordinal);
        return place < 0 ? sentence : $"{sentence[..place]}.";
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await Try(Write, cancellationToken);
    }

    protected override async Task Once(CancellationToken cancellationToken)
    {
        foreach (var ((product, status, reason), counter) in _counters)
        {
            if (counter.Rest(_time.GetUtcNow()) is { } untold)
                LogRefused(logger, product, untold, status, reason);
        }

        await Write(cancellationToken);
    }

    private async Task Write(CancellationToken cancellationToken)
    {
        var taken = _counters.Select(one => (one.Key, Counter: one.Value, Count: one.Value.Unwritten, one.Value.LastAt))
            .Where(one => one.Count > 0).ToList();
        if (taken.Count == 0)
            return;

        await counts.Add([.. taken.Select(one => (one.Key.Product, one.Key.Status, one.Key.Reason, one.Count, one.LastAt))],
            cancellationToken);
        foreach (var (_, counter, count, _) in taken)
            counter.Written(count);
    }

    private sealed class Counter
    {
        private readonly Lock _lock = new();
        private DateTimeOffset _toldAt = DateTimeOffset.MinValue;
        private DateTimeOffset _lastAt;
        private long _count, _told, _written;

        /// <summary>How many the database doesn't know of.</summary>
        public long Unwritten
        {
            get
            {
                lock (_lock)
                    return _count - _written;
            }
        }

        public DateTimeOffset LastAt
        {
            get
            {
                lock (_lock)
                    return _lastAt;
            }
        }

        /// <summary>One more; how many are to be told now, null when it isn't time.</summary>
        public long? Add(DateTimeOffset now)
        {
            lock (_lock)
            {
                _count++;
                _lastAt = now;
                return Tell(now);
            }
        }

        /// <summary>How many of an earlier minute are to be told, null when there are none.</summary>
        public long? Rest(DateTimeOffset now)
        {
            lock (_lock)
                return _count > _told ? Tell(now) : null;
        }

        public void Written(long count)
        {
            lock (_lock)
                _written += count;
        }

        private long? Tell(DateTimeOffset now)
        {
            if (now - _toldAt < Logged)
                return null;

            var untold = _count - _told;
            (_toldAt, _told) = (now, _count);
            return untold;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} requests of product {Product} were refused with {Status}: {Reason}")]
    private static partial void LogRefused(ILogger logger, string product, long count, int status, string reason);
}

internal static class RefusedRequestsHosting
{
    public static void AddRefusedRequests(this IServiceCollection services)
    {
        services.AddSingleton<RefusedCounts>();
        services.AddSingleton<RefusedRequests>();
        services.AddHostedService(provider => provider.GetRequiredService<RefusedRequests>());
        services.AddSingleton<RefusedContents>();
        services.AddSingleton<KeptRefusals>();
        services.AddHostedService(provider => provider.GetRequiredService<KeptRefusals>());
    }
}
