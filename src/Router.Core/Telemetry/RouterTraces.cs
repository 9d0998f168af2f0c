using System.Diagnostics;

namespace Router.Core.Telemetry;

/// <summary>
/// The source of a lead's spans. The API decides whether a lead has a trace; from then on whoever has it in hand continues that. What isn't
/// sampled, or comes while nobody asks for traces, is no activity, no byte of a message and no column of the ledger. An attribute is one of
/// our ids, a number or one of the router's own words, and of a receiver the host: never anything that a lead, a sender or a receiver says.
/// </summary>
public static class RouterTraces
{
    /// <summary>The source's name.</summary>
    public const string Name = "LeadRouter";

    /// <summary>The source.</summary>
    public static readonly ActivitySource Source = new(Name);

    /// <summary>The name of <see cref="Commits"/>.</summary>
    public const string NameOfCommits = "LeadRouter.Commits";

    /// <summary>
    /// The source of commits that many leads share: a span of the trace of one of them, with links to the others. Apart, for whoever asks
    /// for statements.
    /// </summary>
    public static readonly ActivitySource Commits = new(NameOfCommits);

    /// <summary>Whether what happens just now belongs to a trace.</summary>
    public static bool IsTraced =>
        Source.HasListeners() && Activity.Current is { Recorded: true } current && ReferenceEquals(current.Source, Source);

    /// <summary>What the span that is current would be continued by, elsewhere or later; null outside a trace.</summary>
    public static string? TraceParent => IsTraced ? Activity.Current!.Id : null;

    /// <summary>A span within the one that is current; null outside a trace. Dispose it.</summary>
    /// <param name="name">One of few.</param>
    /// <param name="kind">Where it stands between systems.</param>
    public static Activity? Begin(string name, ActivityKind kind = ActivityKind.Internal) =>
        IsTraced ? Source.StartActivity(name, kind) : null;

    /// <summary>A span that continues another host's, or an earlier one; null if it isn't sampled. Dispose it.</summary>
    /// <param name="name">One of few.</param>
    /// <param name="kind">Where it stands between systems.</param>
    /// <param name="parent">As <see cref="Of"/> reads it.</param>
    /// <param name="begun">When it began; default now.</param>
    /// <param name="links">Spans that it comes from besides; null for none.</param>
    public static Activity? Continue(
        string name, ActivityKind kind, ActivityContext parent, DateTimeOffset begun = default, IEnumerable<ActivityLink>? links = null) =>
        Source.StartActivity(name, kind, parent, tags: null, links, begun);

    /// <summary>
    /// What a <c>traceparent</c> says, without its <c>tracestate</c>; default where nobody asks for traces, where there is none, or what
    /// there is is none.
    /// </summary>
    public static ActivityContext Of(string? traceParent) =>
        traceParent is not null && Source.HasListeners()
        && ActivityContext.TryParse(traceParent, traceState: null, isRemote: true, out var context) ? context : default;

    /// <summary>Says of a span that it failed, by the exception's kind alone: its text may be a lead's. For filters: false.</summary>
    public static bool Failed(this Activity span, Exception exception)
    {
        ArgumentNullException.ThrowIfNull(span);
        ArgumentNullException.ThrowIfNull(exception);
        span.Fail(exception.GetType().FullName!);
        return false;
    }

    /// <summary>Says of a span that it failed, by one of few words.</summary>
    public static void Fail(this Activity span, string errorType)
    {
        ArgumentNullException.ThrowIfNull(span);
        span.SetStatus(ActivityStatusCode.Error).SetTag("error.type", errorType);
    }
}
