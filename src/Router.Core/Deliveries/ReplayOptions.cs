using System.ComponentModel.DataAnnotations;

namespace Router.Core.Deliveries;

/// <summary>Section <c>Delivery</c>, replays: how fast they send.</summary>
public sealed class ReplayOptions
{
    /// <summary>Deliveries that a replay sends in one step. Default 500.</summary>
    [Range(1, 100_000)]
    public int ReplayStep { get; set; } = 500;

    /// <summary>The time between two steps of a replay. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:05:00")]
    public TimeSpan ReplayTick { get; set; } = TimeSpan.FromSeconds(1);
}
