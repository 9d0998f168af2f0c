using Router.Core.Leads;
using Router.Core.Mapping;

namespace Router.Core.Deliveries;

/// <summary>What came back from one request: an HTTP status or the reason why there is none.</summary>
public sealed record Answer
{
    /// <summary>The most characters of <see cref="Reason"/>.</summary>
    public const int LongestReason = 500;

    /// <summary>The HTTP status; null when there was none.</summary>
    public int? Status { get; init; }

    /// <summary>Why there was no status.</summary>
    public AttemptError? Error { get; init; }

    /// <summary>The wait that the receiver asked for.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The first bytes of the answer's body, as UTF-8 where it is a text.</summary>
    public byte[] Body { get; init; } = [];

    /// <summary>Some headers of an answer that was no success, one <c>Name: value</c> in each line; null when there are none.</summary>
    public string? Headers { get; init; }

    /// <summary>What a rule of the destination says that it means; null where none fits.</summary>
    public AnswerMeaning? Meaning { get; init; }

    /// <summary>What that rule says about it, or why no request was made; for people.</summary>
    public string? Reason
    {
        get;
        // A receiver may have written it: whatever that is, it must be possible to record it.
        init => field = value is null ? null : PlainText.Of(value, LongestReason);
    }

    /// <summary>What the token endpoint answered instead of giving an access token.</summary>
    public Answer? OfTokenEndpoint { get; init; }

    /// <summary>Whether our own proxy is to blame, on the way to the destination or to its token endpoint.</summary>
    public bool IsOfProxyItself => (OfTokenEndpoint ?? this).Error?.IsOfProxyItself() is true;

    /// <summary>What stands for an answer where there was no room to look up the receiver's name.</summary>
    internal static Answer WithoutRoom { get; } = new() { Error = AttemptError.ConnectTimeout, IsWithoutRoom = true };

    /// <summary>
    /// Whether no request was made, because other names were being looked up that didn't resolve. It is no attempt: it says nothing about
    /// the destination.
    /// </summary>
    internal bool FoundNoRoom => (OfTokenEndpoint ?? this).IsWithoutRoom;

    private bool IsWithoutRoom { get; init; }

    /// <summary>
    /// Whether it is the answer to a second request of the same attempt: the first one went over an old connection that broke before a byte
    /// came back, or its access token was answered with 401, and the second one has a new token.
    /// </summary>
    public bool IsOfSecondRequest { get; init; }

    /// <summary>The status or the reason why there is none, for people.</summary>
    public string Summary => Status?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? ErrorCode ?? "nothing";

    /// <summary>
    /// One word for histories and logs, for example <c>connection_refused</c> or <c>token_endpoint_401</c>; null when a status came.
    /// </summary>
    public string? ErrorCode => OfTokenEndpoint is null ? Error?.Text() : $"{Error?.Text()}_{OfTokenEndpoint.Summary}";
}
