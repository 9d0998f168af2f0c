using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Router.Core.Destinations;

/// <summary>The hours in which nothing is sent to a destination: what comes meanwhile waits for their end. Pure.</summary>
/// <param name="From">When they begin, such as 20:00. Empty, with <paramref name="Until"/>: there are none.</param>
/// <param name="Until">When they end: on the next day, where that isn't later than <paramref name="From"/>.</param>
/// <param name="Days">On which days they begin, 1 for Monday to 7 for Sunday; null for every day.</param>
/// <param name="TimeZone">Where it is that time, by its IANA name; UTC where it isn't said.</param>
public sealed record QuietTimes(
    string? From = null, string? Until = null, int[]? Days = null, [property: JsonPropertyName("time_zone")] string? TimeZone = null)
{
    private static readonly JsonSerializerOptions Stored = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly TimeOnly? _from = Time(From);
    private readonly TimeOnly? _until = Time(Until);
    private readonly TimeZoneInfo? _zone = Zone(TimeZone);

    /// <summary>Whether there are none.</summary>
    [JsonIgnore]
    public bool IsNone => string.IsNullOrWhiteSpace(From) && string.IsNullOrWhiteSpace(Until);

    /// <summary>What is wrong with them, as a sentence; null when nothing is.</summary>
    [JsonIgnore]
    public string? Problem =>
        IsNone ? null
        : _from is null || _until is null ? "Quiet hours need two times such as 20:00 and 08:00."
        : _zone is null ? "The time zone of quiet hours must be a known one such as America/New_York."
        : Days is { Length: 0 } || Days?.Any(day => day is < 1 or > 7) is true
            ? "The days of quiet hours must be from 1 for Monday to 7 for Sunday; leave them out for every day."
        : _from == _until && (Days is null || Days.Distinct().Count() == 7)
            ? "Quiet hours that begin and end at the same time are whole days: choose which, and leave out at least one."
        : null;

    /// <summary>When the quiet of that moment ends; null where it isn't quiet.</summary>
    public DateTimeOffset? EndAt(DateTimeOffset now)
    {
        DateTimeOffset? end = null;
        // One may follow upon the other, such as two whole days. There is an hour without in each week.
        for (var steps = 0; steps < 9 && SpanEnd(end ?? now) is { } later && later > (end ?? now); steps++)
            end = later;
        return end;
    }

    /// <summary>As <c>destinations.quiet_hours</c> has it; null for none.</summary>
    public static QuietTimes? Parse(string? stored) =>
        stored is null ? null : JsonSerializer.Deserialize<QuietTimes>(stored, Stored);

    /// <summary>The same for writing.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Stored);

    private DateTimeOffset? SpanEnd(DateTimeOffset at)
    {
        // A machine that doesn't know the zone any more sends at once.
        if (_from is not { } from || _until is not { } until || _zone is null)
            return null;

        var local = TimeZoneInfo.ConvertTime(at, _zone).DateTime;
        var (today, time) = (local.Date, TimeOnly.FromDateTime(local));
        if (until > from)
            return time >= from && time < until && BeginsOn(today) ? Moment(today, until) : null;
        if (time >= from && BeginsOn(today))
            return Moment(today.AddDays(1), until);
        return time < until && BeginsOn(today.AddDays(-1)) ? Moment(today, until) : null;
    }

    private bool BeginsOn(DateTime day) => Days is null || Days.Contains(day.DayOfWeek is DayOfWeek.Sunday ? 7 : (int)day.DayOfWeek);

    private DateTimeOffset Moment(DateTime day, TimeOnly time)
    {
        // Where clocks go forward that time isn't there: it is over when they do.
        var (end, skipped) = (day + time.ToTimeSpan(), TimeSpan.Zero);
        while (_zone!.IsInvalidTime(end))
            (end, skipped) = (end.AddMinutes(-1), TimeSpan.FromMinutes(1));
        return new DateTimeOffset(end, _zone.GetUtcOffset(end)).ToUniversalTime() + skipped;
    }

    private static TimeOnly? Time(string? text) =>
        TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? time : null;

    private static TimeZoneInfo? Zone(string? id) =>
        string.IsNullOrEmpty(id) ? TimeZoneInfo.Utc : TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone) ? zone : null;
}
