using Router.Api.Changes;
using Router.Core.Destinations;

namespace Router.Api.Management;

/// <summary>How fast and for how long a destination is sent to: what may be stored, and how.</summary>
internal static class PaceChecks
{
    private const int MostRetries = 20;
    // Each failed lead is a request more: to a server that refuses them all, many at short intervals are an attack.
    private const int ShortDelay = 30;
    private const int MostShortDelays = 5;
    private const int LongestDelay = 48 * 60 * 60;
    // Earlier events of a lead are looked for as far back.
    private const int LongestSchedule = 7 * 24 * 60 * 60;

    public const string ScheduleProblem =
        "'retry_schedule' must be 1 to 20 delays in seconds, each from 1 to 172800 (48 hours), five of them at most under 30, together "
        + "604800 (7 days) at most; none for the default.";

    public static void CheckPace(this FieldProblems problems, DestinationFields fields)
    {
        if (fields.MaxPerSecond is { } most && most is not (0 or >= 0.1 and <= 1000))
            problems.Add("max_per_second", "'max_per_second' must be from 0.1 to 1000, or 0 for no limit.");
        if (fields.RetrySchedule is { Length: > 0 } schedule
            && (schedule.Length > MostRetries || Array.Exists(schedule, delay => delay is < 1 or > LongestDelay)
                || schedule.Count(delay => delay < ShortDelay) > MostShortDelays || schedule.Sum(delay => (long)delay) > LongestSchedule))
            problems.Add("retry_schedule", ScheduleProblem);
        if (fields.Timeout is < 0 or > 60)
            problems.Add("timeout", "'timeout' must be from 1 to 60 seconds, or 0 for the default.");
        if (fields.TimeToLive is { } life && life is not (0 or >= 60 and <= 14 * 24 * 60 * 60))
            problems.Add("time_to_live", "'time_to_live' must be from 60 to 1209600 seconds (14 days), or 0 for never.");
        if (fields.QuietHours?.Problem is { } problem)
            problems.Add("quiet_hours", problem);
    }

    /// <summary>As it is stored: null for the default.</summary>
    public static int[]? Stored(int[]? schedule) => schedule is { Length: > 0 } ? schedule : null;

    /// <summary>As they are stored: null for none.</summary>
    public static string? Stored(QuietTimes? quiet) => quiet is { IsNone: false } ? quiet.ToJson() : null;
}
