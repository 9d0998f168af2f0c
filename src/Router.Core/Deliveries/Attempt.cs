namespace Router.Core.Deliveries;

/// <summary>One HTTP request that was made.</summary>
/// <param name="Number">1 for the first; what <c>X-Lead-Router-Attempt</c> said.</param>
/// <param name="StartedAt">UTC, whole microseconds.</param>
/// <param name="Duration">Until the answer, or the lack of one, was known.</param>
/// <param name="Answer">What came back.</param>
public sealed record Attempt(int Number, DateTimeOffset StartedAt, TimeSpan Duration, Answer Answer)
{
    /// <summary>What the answer means.</summary>
    public AttemptResult Result { get; } = Outcome.Of(Answer);
}
