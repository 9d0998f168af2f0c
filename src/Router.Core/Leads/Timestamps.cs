using System.Globalization;

namespace Router.Core.Leads;

/// <summary>Times as they travel: UTC, ISO 8601, six decimals and <c>Z</c>, as in <c>2015-10-01T06:14:01.597026Z</c>.</summary>
public static class Timestamps
{
    /// <summary>Formats a time for headers and bodies.</summary>
    public static string Format(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Cuts to whole microseconds, the resolution of Postgres, so that a time reads back as it was written.</summary>
    public static DateTimeOffset ToMicroseconds(DateTimeOffset time) =>
        new(time.UtcTicks - time.UtcTicks % TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);
}
