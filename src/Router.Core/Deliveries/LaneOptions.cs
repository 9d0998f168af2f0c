using System.ComponentModel.DataAnnotations;

namespace Router.Core.Deliveries;

/// <summary>Section <c>Delivery</c>, lanes: how many leads and retries a worker has in hand at a time.</summary>
public sealed class LaneOptions
{
    /// <summary>
    /// Leads that a worker has in hand at a time: prefetch and concurrency of <c>lead-events</c>. Default 256.
    /// </summary>
    [Range(1, 10_000)]
    public int Concurrency { get; set; } = 256;

    /// <summary>
    /// Beside fresh leads, how many leads of a backlog a worker works on at a time, and how many retries; without
    /// fresh leads <see cref="Concurrency"/> and <see cref="RetryConcurrency"/> count. Default 16.
    /// </summary>
    [Range(1, 10_000)]
    public int BacklogConcurrency { get; set; } = 16;

    /// <summary>Retries that a worker has in hand at a time. Default 64.</summary>
    [Range(1, 10_000)]
    public int RetryConcurrency { get; set; } = 64;
}
