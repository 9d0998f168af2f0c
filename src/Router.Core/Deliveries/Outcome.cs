using Router.Core.Destinations;
using Router.Core.Mapping;

namespace Router.Core.Deliveries;

/// <summary>What an answer means.</summary>
public enum AttemptResult
{
    /// <summary>2xx, where no rule says otherwise.</summary>
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

    /// <summary>
    /// Whether the receiver took the request, whatever it thought of the lead: failures in a row, for which a destination is paused, end
    /// with it. What isn't taken counts as one of them.
    /// </summary>
    public static bool IsTaken(this AttemptResult result) => result switch
    {
        AttemptResult.Delivered or AttemptResult.Rejected => true,
        AttemptResult.Failed => false,
    };

    /// <summary>The same as a rule about answers would say it.</summary>
    public static AnswerMeaning Meaning(this AttemptResult result) => result switch
    {
        AttemptResult.Delivered => AnswerMeaning.Delivered,
        AttemptResult.Rejected => AnswerMeaning.Refused,
        AttemptResult.Failed => AnswerMeaning.Failed,
    };
}

/// <summary>The one place that classifies answers (contract, "What the answer means"). Pure.</summary>
public static class Outcome
{
    /// <summary>What the answer means for its delivery: what a rule of the destination says, else what its status says.</summary>
    public static AttemptResult Of(Answer answer) => answer.Meaning switch
    {
        AnswerMeaning.Delivered => AttemptResult.Delivered,
        AnswerMeaning.Refused => AttemptResult.Rejected,
        AnswerMeaning.Failed => AttemptResult.Failed,
        null => answer.Status switch
        {
            >= 200 and <= 299 => AttemptResult.Delivered,
            406 or 410 => AttemptResult.Rejected,
            _ => AttemptResult.Failed,
        },
    };

    /// <summary>The answer, and what the destination's rules say of it.</summary>
    public static Answer Understood(this Destination destination, Answer answer) =>
        destination.AnswerRules?.Of(answer.Status!.Value, answer.Body) is { } said
            ? answer with { Meaning = said.Means, Reason = said.Reason } : answer;

    /// <summary>Whether the receiver wants no more leads at all: 410, unless a rule says that it means something else.</summary>
    public static bool DeactivatesDestination(Answer answer) => answer is { Status: 410, Meaning: null };

    /// <summary>The wait that counts: only 429 and 503 may ask for one, a token endpoint's too.</summary>
    public static TimeSpan? RetryAfter(Answer answer) => answer.OfTokenEndpoint is { } endpoint ? RetryAfter(endpoint)
        : answer.Status is 429 or 503 ? answer.RetryAfter : null;
}
