using System.ComponentModel.DataAnnotations;

namespace Router.Core.Retention;

/// <summary>
/// Section <c>Retention</c>: how long the ledger keeps contents and rows. A day (UTC) goes as a whole, once its
/// youngest lead is old enough.
/// </summary>
public sealed class RetentionOptions : IValidatableObject
{
    /// <summary>
    /// How long the contents of leads and the answers of receivers are kept, 2 days to ten years. Default 30 days.
    /// </summary>
    public TimeSpan BodiesAfter { get; set; } = TimeSpan.FromDays(30);

    /// <summary>
    /// How long the ledger's rows are kept; after that only their counts by hour. Not shorter than
    /// <see cref="BodiesAfter"/>, at most ten years. Default 90 days.
    /// </summary>
    public TimeSpan RowsAfter { get; set; } = TimeSpan.FromDays(90);

    /// <summary>
    /// How long it is kept who signed in on the pages, from where, and who was not let in, 1 day to ten years. Default 365 days.
    /// </summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "3660.00:00:00")]
    public TimeSpan AccessLogAfter { get; set; } = TimeSpan.FromDays(365);

    /// <summary>For how many coming days partitions are made in advance. Default 7.</summary>
    [Range(2, 60)]
    public int DaysAhead { get; set; } = 7;

    /// <summary>How often each worker checks whether a day is due, at most 12 hours. Default 10 minutes.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(10);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        // Retries, Retry-After and replays need the contents for some days at least.
        if (BodiesAfter < TimeSpan.FromDays(2))
            yield return new ValidationResult("Must be 2 days or more: what waits for a retry needs its contents.", [nameof(BodiesAfter)]);
        if (BodiesAfter > TimeSpan.FromDays(3660))
            yield return new ValidationResult("Must be ten years or less.", [nameof(BodiesAfter)]);
        if (RowsAfter < BodiesAfter)
            yield return new ValidationResult("Must not be shorter than BodiesAfter.", [nameof(RowsAfter)]);
        if (RowsAfter > TimeSpan.FromDays(3660))
            yield return new ValidationResult("Must be ten years or less.", [nameof(RowsAfter)]);
        if (Interval <= TimeSpan.Zero || Interval > TimeSpan.FromHours(12))
            yield return new ValidationResult("Must be longer than zero and at most 12 hours.", [nameof(Interval)]);
    }
}
