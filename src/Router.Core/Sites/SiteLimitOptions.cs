using System.ComponentModel.DataAnnotations;

namespace Router.Core.Sites;

/// <summary>
/// Section <c>SiteLimits</c>: what each site may have at most, so that no owner takes what others need, or makes this router send so much
/// to somebody's server. An operator can let a site have more, or less. No lead is ever refused for any of them: what is over waits. The
/// same in API and workers.
/// </summary>
public sealed class SiteLimitOptions
{
    /// <summary>Destinations of a site, besides Lead Manager. Default 100.</summary>
    [Range(1, 10_000)]
    public int Destinations { get; set; } = 100;

    /// <summary>
    /// Requests under way to all destinations of a site together, from each worker; Lead Manager's are apart. Default 512.
    /// </summary>
    [Range(1, 100_000)]
    public int InFlight { get; set; } = 512;

    /// <summary>
    /// Requests under way to all destinations of a site that are at one host, from each worker; Lead Manager's are apart. Default 64.
    /// </summary>
    [Range(1, 100_000)]
    public int InFlightAtHost { get; set; } = 64;

    /// <summary>
    /// Megabytes (of 1,048,576 bytes) of a site that wait to be sent, each lead counted for each destination that it waits
    /// for. Above it nothing of the site can be replayed and no destination added. Default 1,024.
    /// </summary>
    [Range(1, 1_000_000)]
    public int WaitingMegabytes { get; set; } = 1024;

    /// <summary>Replays of many deliveries of a site that run at a time. Default 3.</summary>
    [Range(1, 100)]
    public int Replays { get; set; } = 3;

    /// <summary>Deliveries of a site that its owners can replay within an hour. Default 50,000.</summary>
    [Range(1, 100_000_000)]
    public int ReplayedPerHour { get; set; } = 50_000;

    /// <summary>Tests and go-live checks of all destinations of a site within a minute. Default 60.</summary>
    [Range(1, 10_000)]
    public int TestsPerMinute { get; set; } = 60;

    /// <summary>
    /// The most that an owner can set as a destination's <c>max_in_flight</c>; operators can set more. Default 100.
    /// </summary>
    [Range(1, 10_000)]
    public int MaxInFlightByOwner { get; set; } = 100;

    /// <summary>What counts for a site.</summary>
    /// <param name="own">What an operator has set for it; null for nothing.</param>
    public SiteLimits Of(OwnLimits? own) => new(
        own?.Destinations ?? Destinations, own?.InFlight ?? InFlight, own?.InFlightAtHost ?? InFlightAtHost,
        own?.WaitingMegabytes ?? WaitingMegabytes, own?.Replays ?? Replays, own?.ReplayedPerHour ?? ReplayedPerHour,
        own?.TestsPerMinute ?? TestsPerMinute);
}
