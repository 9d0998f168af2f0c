namespace Router.Api.Pages;

/// <summary>The time zones that an account can choose, by their IANA names.</summary>
internal static class TimeZones
{
    /// <summary>UTC, the United States first, then all others that this machine knows.</summary>
    public static readonly IReadOnlyList<string> All =
    [
        .. new[]
        {
            "Etc/UTC", "Pacific/Honolulu", "America/Anchorage", "America/Los_Angeles", "America/Phoenix", "America/Denver", "America/Chicago", "America/New_York",
        }.Concat(TimeZoneInfo.GetSystemTimeZones().Select(zone => zone.Id).Where(id => id.Contains('/', StringComparison.Ordinal) && !id.StartsWith("Etc/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)).Distinct(StringComparer.Ordinal),
    ];

    /// <summary>UTC when the name is unknown.</summary>
    public static TimeZoneInfo Find(string? id) => id is not null && TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone) ? zone : TimeZoneInfo.Utc;
}
