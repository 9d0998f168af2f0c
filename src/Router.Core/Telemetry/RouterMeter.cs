using System.Diagnostics.Metrics;

namespace Router.Core.Telemetry;

/// <summary>
/// The meter of the router's own metrics. Their names and units follow OpenTelemetry's conventions, and each is in docs/metrics.md. An
/// attribute has few values, all of them the router's own words: never a site, a destination, a sender, or anything of a lead.
/// </summary>
public static class RouterMeter
{
    /// <summary>The meter's name.</summary>
    public const string Name = "LeadRouter";

    /// <summary>Buckets, in seconds, for what takes milliseconds when all is well and days when it isn't.</summary>
    public static readonly InstrumentAdvice<double> Waits = new()
    {
        HistogramBucketBoundaries = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 14_400, 86_400],
    };

    /// <summary>The meter, with the host's lifetime.</summary>
    public static Meter OfRouter(this IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        return meters.Create(new MeterOptions(Name));
    }
}
