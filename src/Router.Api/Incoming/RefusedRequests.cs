using System.Collections.Concurrent;
using Router.Core.Sites;

namespace Router.Api.Incoming;

/// <summary>Requests of a product that were refused for one reason: how many since this host started, and the last.</summary>
internal sealed record RefusedCount(string Product, int Status, string Reason, long Count, DateTimeOffset LastAt);

/// <summary>
/// Counts the requests of known products that were refused, and says so in the log: at most a line a minute for each product and reason, without
/// contents. The first one is told at once, the others when the minute is over.
/// </summary>
internal sealed partial class RefusedRequests(TimeProvider time, ILogger<RefusedRequests> logger) : BackgroundService
{
    // Reasons are sentences of ours; a product can't think of more than these.
    private const int MostReasons = 10_000;

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<(string Product, int Status, string Reason), Counter> _counters = new();

    /// <summary>What was refused since the start, the latest first.</summary>
    public IReadOnlyList<RefusedCount> All => [.. _counters
        .Select(counter => new RefusedCount(counter.Key.Product, counter.Key.Status, counter.Key.Reason, counter.Value.Count, counter.Value.LastAt))
        .OrderByDescending(refused => refused.LastAt)];

    public void Add(Product product, int status, string sentence)
    {
        // Where in the body it was differs each time.
        var place = sentence.IndexOf(" (", StringComparison.Ordinal);
        var key = (product.Username, status, place < 0 ? sentence : $"{sentence[..place]}.");
        if (!_counters.TryGetValue(key, out var counter) && _counters.Count < MostReasons)
            counter = _counters.GetOrAdd(key, _ => new Counter());
        if (counter?.Add(time.GetUtcNow()) is { } untold)
            LogRefused(logger, product.Username, untold, status, key.Item3);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                foreach (var ((product, status, reason), counter) in _counters)
                {
                    if (counter.Rest(time.GetUtcNow()) is { } untold)
                        LogRefused(logger, product, untold, status, reason);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private sealed class Counter
    {
        private readonly Lock _lock = new();
        private DateTimeOffset _toldAt = DateTimeOffset.MinValue;
        private long _told;

        public long Count { get; private set; }

        public DateTimeOffset LastAt { get; private set; }

        /// <summary>One more; how many are to be told now, null when it isn't time.</summary>
        public long? Add(DateTimeOffset now)
        {
            lock (_lock)
            {
                Count++;
                LastAt = now;
                return Tell(now);
            }
        }

        /// <summary>How many of an earlier minute are to be told, null when there are none.</summary>
        public long? Rest(DateTimeOffset now)
        {
            lock (_lock)
                return Count > _told ? Tell(now) : null;
        }

        private long? Tell(DateTimeOffset now)
        {
            if (now - _toldAt < Interval)
                return null;

            var untold = Count - _told;
            (_toldAt, _told) = (now, Count);
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
        services.AddSingleton<RefusedRequests>();
        services.AddHostedService(provider => provider.GetRequiredService<RefusedRequests>());
    }
}
