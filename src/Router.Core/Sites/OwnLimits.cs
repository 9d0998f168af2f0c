using System.Text.Json;
using System.Text.Json.Serialization;

namespace Router.Core.Sites;

/// <summary>What an operator lets one site have instead of the router's own limits; each is null where those count.</summary>
/// <param name="Destinations">Destinations, besides Lead Manager: 1 to 10,000.</param>
/// <param name="InFlight">
/// Requests under way to all of them together, from each worker, Lead Manager's apart: 1 to 100,000. What is over waits.
/// </param>
/// <param name="InFlightAtHost">The same to all that are at one host: 1 to 100,000.</param>
/// <param name="WaitingMegabytes">Megabytes that wait to be sent, beyond which nothing is replayed: 1 to 1,000,000.</param>
/// <param name="Replays">Replays of many at a time: 1 to 100.</param>
/// <param name="ReplayedPerHour">Deliveries replayed within an hour: 1 to 100,000,000.</param>
/// <param name="TestsPerMinute">Tests and go-live checks within a minute: 1 to 10,000.</param>
public sealed record OwnLimits(
    int? Destinations = null, int? InFlight = null, int? InFlightAtHost = null, int? WaitingMegabytes = null, int? Replays = null,
    int? ReplayedPerHour = null, int? TestsPerMinute = null)
{
    private static readonly JsonSerializerOptions Stored = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private static readonly OwnLimits None = new();

    /// <summary>Whether the router's own count everywhere.</summary>
    [JsonIgnore]
    public bool IsNone => this == None;

    /// <summary>What is wrong with one of them, and which; null when nothing is.</summary>
    [JsonIgnore]
    public (string Name, string Sentence)? Problem =>
        Wrong("destinations", Destinations, 1, 10_000) ?? Wrong("in_flight", InFlight, 1, 100_000)
        ?? Wrong("in_flight_at_host", InFlightAtHost, 1, 100_000) ?? Wrong("waiting_megabytes", WaitingMegabytes, 1, 1_000_000)
        ?? Wrong("replays", Replays, 1, 100) ?? Wrong("replayed_per_hour", ReplayedPerHour, 1, 100_000_000)
        ?? Wrong("tests_per_minute", TestsPerMinute, 1, 10_000);

    /// <summary>As <c>sites.limits</c> has them; null for none.</summary>
    public static OwnLimits? Parse(string? stored) => stored is null ? null : JsonSerializer.Deserialize<OwnLimits>(stored, Stored);

    /// <summary>The same for writing.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Stored);

    private static (string Name, string Sentence)? Wrong(string name, int? value, int least, int most) =>
        value < least || value > most
            ? (name, $"'limits.{name}' must be from {least} to {most}, or nothing for the default.") : null;
}
