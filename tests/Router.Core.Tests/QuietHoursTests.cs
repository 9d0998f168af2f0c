using System.Globalization;
using Router.Core.Alerts;

namespace Router.Core.Tests;

public sealed class QuietHoursTests
{
    [Theory]
    // Over midnight, in Berlin: UTC+1 in winter.
    [InlineData("2026-01-10T20:59:00Z", "22:00", "07:00", "2026-01-10T20:59:00Z")]
    [InlineData("2026-01-10T21:00:00Z", "22:00", "07:00", "2026-01-11T06:00:00Z")]
    [InlineData("2026-01-10T23:30:00Z", "22:00", "07:00", "2026-01-11T06:00:00Z")]
    [InlineData("2026-01-11T05:59:59Z", "22:00", "07:00", "2026-01-11T06:00:00Z")]
    [InlineData("2026-01-11T06:00:00Z", "22:00", "07:00", "2026-01-11T06:00:00Z")]
    // Within a day.
    [InlineData("2026-01-10T12:30:00Z", "13:00", "14:00", "2026-01-10T13:00:00Z")]
    [InlineData("2026-01-10T13:00:00Z", "13:00", "14:00", "2026-01-10T13:00:00Z")]
    // Clocks go forward on 29 March: half past two isn't there, half past three is.
    [InlineData("2026-03-28T23:00:00Z", "22:00", "02:30", "2026-03-29T01:30:00Z")]
    // Clocks go back on 25 October: seven o'clock is an hour later in UTC.
    [InlineData("2026-10-24T21:00:00Z", "22:00", "07:00", "2026-10-25T06:00:00Z")]
    // None.
    [InlineData("2026-01-10T23:30:00Z", null, null, "2026-01-10T23:30:00Z")]
    [InlineData("2026-01-10T23:30:00Z", "09:00", "09:00", "2026-01-10T23:30:00Z")]
    public void Mail_WaitsForTheEndOfQuietHours(string now, string? from, string? until, string expected)
    {
        var berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        Assert.Equal(Time(expected), QuietHours.NotBefore(Time(now), berlin, Hour(from), Hour(until)));
    }

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    private static TimeOnly? Hour(string? text) => text is null ? null : TimeOnly.Parse(text, CultureInfo.InvariantCulture);
}
