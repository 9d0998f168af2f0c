using System.Diagnostics.Metrics;
using Router.Core.Leads;
using Router.Core.Telemetry;

namespace Router.Core.Deliveries;

/// <summary>What this worker's attempts come to, once they are recorded. Tests don't count.</summary>
public sealed class DeliveryMetrics
{
    private static readonly InstrumentAdvice<double> Requests = new()
    {
        HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60],
    };

    // Made once: an attempt must not make any.
    private static readonly KeyValuePair<string, object?>[] Outcomes =
        [.. Enum.GetValues<AttemptResult>().Select(result => new KeyValuePair<string, object?>("outcome", result.Text()))];

    private readonly Counter<long> _attempts;
    private readonly Counter<long> _deferred;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _toFirst;
    private readonly Histogram<double> _toDelivered;

    /// <summary>Makes the instruments.</summary>
    public DeliveryMetrics(IMeterFactory meters)
    {
        var meter = meters.OfRouter();
        _attempts = meter.CreateCounter<long>("lead_router.delivery.attempts", "{attempt}", "Requests to destinations");
        _deferred = meter.CreateCounter<long>(
            "lead_router.delivery.deferred", "{delivery}", "Times that a delivery found no room at its destination, or a breaker open");
        _duration = meter.CreateHistogram(
            "lead_router.delivery.attempt.duration", "s", "Time until an answer, or the lack of one, was known", tags: null, Requests);
        _toFirst = meter.CreateHistogram(
            "lead_router.delivery.first_attempt.duration", "s", "From the acceptance of an event to the first attempt of its delivery",
            tags: null, RouterMeter.Waits);
        _toDelivered = meter.CreateHistogram(
            "lead_router.delivery.delivered.duration", "s", "From the acceptance of an event to its delivery", tags: null,
            RouterMeter.Waits);
    }

    /// <summary>There was no room, or a breaker was open.</summary>
    internal void Defer() => _deferred.Add(1);

    /// <summary>A request was made.</summary>
    /// <param name="lead">The event.</param>
    /// <param name="attempt">The request.</param>
    /// <param name="state">The state that it led to.</param>
    /// <param name="wasDelivered">Whether the receiver had it before.</param>
    internal void Add(LeadEvent lead, Attempt attempt, DeliveryState state, bool wasDelivered)
    {
        if (lead.Test is not null)
            return;

        var outcome = Outcomes[(int)attempt.Result];
        if (attempt.Result is AttemptResult.Failed)
            _attempts.Add(1, outcome, new KeyValuePair<string, object?>("error.type", ErrorType(attempt.Answer)));
        else
            _attempts.Add(1, outcome);
        _duration.Record(attempt.Duration.TotalSeconds, outcome);
        if (attempt.Number == 1)
            _toFirst.Record(Since(lead, attempt.StartedAt));
        if (state is DeliveryState.Delivered && !wasDelivered)
            _toDelivered.Record(Since(lead, attempt.StartedAt + attempt.Duration));
    }

    /// <summary>One of few words: a receiver must not be able to make many of them.</summary>
    internal static string ErrorType(Answer answer) => answer.Error is { } error ? error.Text() : answer switch
    {
        { Meaning: not null } => "answer_rule",
        { Status: 429 } => "429",
        { Status: 503 } => "503",
        { Status: >= 500 } => "5xx",
        { Status: >= 400 } => "4xx",
        _ => "other",
    };

    // The clocks of two machines may differ.
    private static double Since(LeadEvent lead, DateTimeOffset moment) => Math.Max(0, (moment - lead.AcceptedAt).TotalSeconds);
}
