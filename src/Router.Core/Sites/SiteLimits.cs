namespace Router.Core.Sites;

/// <summary>What a site may have at most: what <see cref="OwnLimits"/> says, otherwise <see cref="SiteLimitOptions"/>.</summary>
/// <param name="Destinations">Destinations, besides Lead Manager.</param>
/// <param name="InFlight">Requests under way to all of them together, from each worker.</param>
/// <param name="InFlightAtHost">The same to all that are at one host.</param>
/// <param name="WaitingMegabytes">Megabytes that wait to be sent, beyond which nothing is replayed.</param>
/// <param name="Replays">Replays of many at a time.</param>
/// <param name="ReplayedPerHour">Deliveries replayed within an hour.</param>
/// <param name="TestsPerMinute">Tests and go-live checks within a minute.</param>
public sealed record SiteLimits(
    int Destinations, int InFlight, int InFlightAtHost, int WaitingMegabytes, int Replays, int ReplayedPerHour, int TestsPerMinute);
