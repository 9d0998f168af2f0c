namespace Router.Core.Deliveries;

/// <summary>The one place that computes when a delivery is tried again. Pure.</summary>
public static class RetrySchedule
{
    /// <summary>The delay before the next attempt, or null when the schedule is used up.</summary>
    /// <param name="options">The schedule, its jitter and the longest Retry-After.</param>
    /// <param name="step">How many retries were made already.</param>
    /// <param name="retryAfter">The wait that the receiver asked for: never shorter than that, and not jittered below it.</param>
    /// <param name="random">From 0 to 1: where in the jitter's span.</param>
    /// <param name="own">The destination's own schedule; null for that of the options.</param>
    public static TimeSpan? Delay(
        DeliveryOptions options, int step, TimeSpan? retryAfter, double random, IReadOnlyList<TimeSpan>? own = null)
    {
        var schedule = own ?? options.Schedule;
        if (step >= schedule.Count)
            return null;

        var jittered = schedule[step] * (1 + options.RetryJitter * (2 * random - 1));
        if (retryAfter is not { } asked)
            return jittered;

        var obeyed = asked < options.MaxRetryAfter ? asked : options.MaxRetryAfter;
        return obeyed > jittered ? obeyed : jittered;
    }
}
