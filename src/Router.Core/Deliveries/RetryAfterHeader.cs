using System.Globalization;
using System.Net.Http.Headers;

namespace Router.Core.Deliveries;

/// <summary>
/// Reads <c>Retry-After</c>, also where the framework gives up: a wait longer than an <see cref="int"/> of seconds is a long wait. Pure.
/// </summary>
internal static class RetryAfterHeader
{
    /// <summary>The longest wait that is told apart; the schedule caps it (<see cref="DeliveryOptions.MaxRetryAfter"/>).</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(36_500);

    /// <summary>Null when it says no time.</summary>
    /// <param name="value">Seconds, with decimals even, or a date.</param>
    /// <param name="now">The time of the answer.</param>
    public static TimeSpan? Parse(string? value, DateTimeOffset now)
    {
        if (value is null)
            return null;
        // The sign of infinity is read in any style.
        if (double.TryParse(value.Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds))
            return seconds is not >= 0 ? null : seconds < Longest.TotalSeconds ? TimeSpan.FromSeconds(seconds) : Longest;
        if (!RetryConditionHeaderValue.TryParse(value, out var parsed) || parsed.Date is not { } date)
            return null;
        return date > now ? date - now : TimeSpan.Zero;
    }
}
