using System.ComponentModel.DataAnnotations;

namespace Router.Core.Deliveries;

/// <summary>Section <c>Delivery</c>, pauses: when a destination that keeps failing is paused, and when it is tried again.</summary>
public sealed class PauseOptions
{
    /// <summary>
    /// Failures in a row after which a destination is paused, if they last for <see cref="PauseAfter"/>. Default 50.
    /// </summary>
    [Range(1, 1_000_000)]
    public int PauseFailures { get; set; } = 50;

    /// <summary>How long a destination must have failed before it is paused. Default 10 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "7.00:00:00")]
    public TimeSpan PauseAfter { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// When a paused destination is probed first; the time until the next probe doubles each time. Default 30 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00")]
    public TimeSpan ProbeInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest time between two probes. Default 5 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00")]
    public TimeSpan MaxProbeInterval { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How often each worker pauses, probes and resumes destinations and sends what was held. Default 1 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:05:00")]
    public TimeSpan PauseTick { get; set; } = TimeSpan.FromSeconds(1);
}
