namespace Router.Core.Alerts;

/// <summary>The hours in which an account gets no mail. Pure.</summary>
public static class QuietHours
{
    /// <summary>When a mail that is due now may be sent: at once, or at the end of the quiet hours.</summary>
    /// <param name="now">The time.</param>
    /// <param name="zone">The account's time zone.</param>
    /// <param name="from">When they begin each day; null when there are none.</param>
    /// <param name="until">When they end: the next day, where that is earlier.</param>
    public static DateTimeOffset NotBefore(DateTimeOffset now, TimeZoneInfo zone, TimeOnly? from, TimeOnly? until)
    {
        ArgumentNullException.ThrowIfNull(zone);
        if (from is not { } begin || until is not { } end || begin == end)
            return now;

        var local = TimeZoneInfo.ConvertTime(now, zone);
        if (!TimeOnly.FromDateTime(local.DateTime).IsBetween(begin, end))
            return now;

        var day = TimeOnly.FromDateTime(local.DateTime) < end ? local.Date : local.Date.AddDays(1);
        var over = day + end.ToTimeSpan();
        // Where clocks go forward that hour isn't there: an hour later it is.
        if (zone.IsInvalidTime(over))
            over = over.AddHours(1);
        return new DateTimeOffset(over, zone.GetUtcOffset(over)).ToUniversalTime();
    }
}
