using Router.Api.Authentication;

namespace Router.Api.Pages;

/// <summary>The time zones that an account can choose, by their IANA names.</summary>
internal static class TimeZones
{
    /// <summary>UTC, the United States first, then all others that this machine knows.</summary>
    public static readonly IReadOnlyList<string> All =
    [
        .. new[]
        {
            "Etc/UTC", "Pacific/Honolulu", "America/Anchorage", "America/Los_Angeles", "America/Phoenix", "America/Denver",
            "America/Chicago", "America/New_York",
        }.Concat(TimeZoneInfo.GetSystemTimeZones().Select(zone => zone.Id)
            .Where(id => id.Contains('/', StringComparison.Ordinal) && !id.StartsWith("Etc/", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal))
            .Distinct(StringComparer.Ordinal),
    ];

    /// <summary>As people read it.</summary>
    public static string Name(string id) => id == "Etc/UTC" ? "UTC" : id.Replace('_', ' ');

    /// <summary>A time as the account's people read it, no longer than it must be.</summary>
    public static string Words(DateTimeOffset at, HttpContext context, DateTimeOffset now)
    {
        var zone = Find(context.SignedIn()?.TimeZone);
        var (local, today) = (TimeZoneInfo.ConvertTime(at, zone), TimeZoneInfo.ConvertTime(now, zone).Date);
        var format = local.Date == today ? "HH:mm" : local.Year == today.Year ? "d MMM HH:mm" : "d MMM yyyy HH:mm";
        return local.ToString(format, System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>A time as a <c>datetime-local</c> input holds it, in the account's time zone.</summary>
    public static string ToInput(DateTimeOffset at, HttpContext context) =>
        TimeZoneInfo.ConvertTime(at, Find(context.SignedIn()?.TimeZone))
            .ToString("yyyy-MM-ddTHH:mm", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>What a <c>datetime-local</c> input holds, in the account's time zone; null when it is no time.</summary>
    public static DateTimeOffset? FromInput(string? text, HttpContext context)
    {
        if (!DateTime.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.None,
            out var parsed) || parsed.Year is < 1900 or > 9000)
            return null;

        var local = DateTime.SpecifyKind(parsed, DateTimeKind.Unspecified);
        return new DateTimeOffset(local, Find(context.SignedIn()?.TimeZone).GetUtcOffset(local)).ToUniversalTime();
    }

    /// <summary>UTC when the name is unknown.</summary>
    public static TimeZoneInfo Find(string? id) =>
        id is not null && TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone) ? zone : TimeZoneInfo.Utc;
}
