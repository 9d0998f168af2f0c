using System.ComponentModel.DataAnnotations;

namespace Router.Core.Deliveries;

/// <summary>Section <c>Delivery</c>, the retry queue: how due retries come from Postgres into <c>lead-retries</c>.</summary>
public sealed class RetryQueueOptions
{
    /// <summary>How often each worker looks for due retries. Default 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:05:00")]
    public TimeSpan DueInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// How long a due retry may wait in the queue before it is queued once more, in case the queue lost it. Default 5
    /// minutes.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan QueueLease { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Retries of one destination that wait in the queue at a time; the others wait in Postgres. Default 64.
    /// </summary>
    [Range(1, 10_000)]
    public int MaxQueuedRetries { get; set; } = 64;

    /// <summary>
    /// Retries of one site, all of its destinations together, that wait in the queue at a time: those of other sites wait
    /// behind no more than these. Default 128.
    /// </summary>
    [Range(1, 10_000)]
    public int MaxQueuedRetriesOfSite { get; set; } = 128;
}
