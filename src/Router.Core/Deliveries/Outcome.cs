namespace Router.Core.Deliveries;

/// <summary>What an answer means.</summary>
public enum AttemptResult
{
    /// <summary>2xx.</summary>
    Delivered,

    /// <summary>406 or 410: the receiver doesn't want this one. Never retried, not a failure.</summary>
    Rejected,

    /// <summary>Anything else, and no answer at all: retried.</summary>
    Failed,
}

/// <summary>The words for results, in <c>deliveries.result</c> and in JSON.</summary>
public static class AttemptResults
{
    /// <summary>Its word.</summary>
    public static string Text(this AttemptResult result) => result switch
    {
        AttemptResult.Delivered => "delivered",
        AttemptResult.Rejected => "rejected",
        AttemptResult.Failed => "failed",
    };
}

/// <summary>The one place that classifies answers (contract, "What the answer means"). Pure.</summary>
public static class Outcome
{
    /// <summary>What the answer means for its delivery.</summary>
    public static AttemptResult Of(Answer answer) => answer.Status switch
    {
        >= 200 and <= 299 => AttemptResult.Delivered,
        406 or 410 => AttemptResult.Rejected,
        _ => AttemptResult.Failed,
    };

    /// <summary>Whether the receiver wants no more leads at all: 410.</summary>
    public static bool DeactivatesDestination(Answer answer) => answer.Status is 410;

    /// <summary>The wait that counts: only 429 and 503 may ask for one, a token endpoint's too.</summary>
    public static TimeSpan? RetryAfter(Answer answer) => answer.OfTokenEndpoint is { } endpoint ? RetryAfter(endpoint)
        : answer.Status is 429 or 503 ? answer.RetryAfter : null;
}
