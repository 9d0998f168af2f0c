using System.Diagnostics;
using Router.Core.Destinations;
using Router.Core.Leads;
using Router.Core.Telemetry;

namespace Router.Core.Deliveries;

/// <summary>The spans of a lead's way through a worker: its stages, with attributes as OpenTelemetry's conventions have them.</summary>
internal static class DeliveryTraces
{
    /// <summary>A message of a queue of events is in hand.</summary>
    public static Activity? Process(ActivityContext published, LeadEvent lead, string queue, bool isRedelivery)
    {
        var span = RouterTraces.Continue($"process {queue}", ActivityKind.Consumer, published);
        return isRedelivery ? span?.Of(lead, queue).SetTag("lead_router.redelivered", true) : span?.Of(lead, queue);
    }

    /// <summary>
    /// A retry is claimed: in its lead's trace, however much later, and with a link to the span by which its event was planned.
    /// </summary>
    /// <param name="lead">The event.</param>
    /// <param name="begun">When its message came.</param>
    public static Activity? Retry(LeadEvent lead, DateTimeOffset begun)
    {
        var planned = RouterTraces.Of(lead.TraceParent);
        return planned == default ? null
            : RouterTraces.Continue(
                $"process {RetryDelivery.QueueName}", ActivityKind.Consumer, planned, begun, [new ActivityLink(planned)])
                ?.Of(lead, RetryDelivery.QueueName);
    }

    /// <summary>Stage 1.</summary>
    public static Activity? Plan() => RouterTraces.Begin("plan");

    /// <summary>Stage 2: a request, or two where it is made once more. Of its URL only the host: the rest may hold a secret.</summary>
    public static Activity? Attempt(Destination destination, int number)
    {
        var span = RouterTraces.Begin("POST", ActivityKind.Client);
        return span?.SetTag("http.request.method", "POST")
            .SetTag("server.address", destination.Url is { } url ? UrlHost.Of(url) : null)
            .SetTag("server.port", destination.Url?.Port)
            .SetTag("lead_router.destination.id", destination.Id.ToString("D"))
            .SetTag("lead_router.attempt", number);
    }

    /// <summary>What the receiver answered, in short.</summary>
    public static void Is(this Activity span, Attempt attempt)
    {
        span.SetTag("http.response.status_code", attempt.Answer.Status).SetTag("lead_router.result", attempt.Result.Text());
        if (attempt.Answer.IsOfSecondRequest)
            span.SetTag("http.request.resend_count", 1);
        if (attempt.Result is not AttemptResult.Delivered)
            span.Fail(attempt.Answer.Summary);
    }

    /// <summary>Stage 3; of a request that is still under way, that it is this worker's.</summary>
    public static Activity? Record(RecordedAttempt recorded) =>
        RouterTraces.Begin(recorded.Kind is RecordKind.UnderWay ? "lease" : "record")
        ?.SetTag("lead_router.destination.id", recorded.DestinationId.ToString("D"))
        .SetTag("lead_router.state", recorded.State.Text());

    private static Activity Of(this Activity span, LeadEvent lead, string queue) => span
        .SetTag("messaging.system", "rabbitmq")
        .SetTag("messaging.operation.name", "process")
        .SetTag("messaging.operation.type", "process")
        .SetTag("messaging.destination.name", queue)
        .SetTag("messaging.message.id", lead.EventId.ToString("D"))
        .SetTag("lead_router.site.id", lead.SiteId.ToString("D"))
        .SetTag("lead_router.action", lead.Action.Text());
}
