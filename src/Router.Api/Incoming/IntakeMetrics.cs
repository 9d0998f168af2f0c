using System.Diagnostics.Metrics;
using Router.Core.Telemetry;
using Router.Core.Leads;

namespace Router.Api.Incoming;

/// <summary>What senders were answered.</summary>
internal sealed class IntakeMetrics
{
    private static readonly KeyValuePair<string, object?> InRabbitMq = new("stored_in", "rabbitmq");
    private static readonly KeyValuePair<string, object?> InOutbox = new("stored_in", "outbox");

    private readonly Counter<long> _accepted;
    private readonly Counter<long> _refused;

    public IntakeMetrics(IMeterFactory meters)
    {
        var meter = meters.OfRouter();
        _accepted = meter.CreateCounter<long>("lead_router.leads.accepted", "{event}", "Events that were accepted and are on disk");
        _refused = meter.CreateCounter<long>("lead_router.leads.refused", "{request}", "Requests of senders that were not accepted");
    }

    /// <summary>An event is on disk.</summary>
    public void Accept(LeadAction action, bool isInOutbox) =>
        _accepted.Add(1, new KeyValuePair<string, object?>("action", action.Text()), isInOutbox ? InOutbox : InRabbitMq);

    /// <summary>A request got this status.</summary>
    public void Refuse(int status) => _refused.Add(1, new KeyValuePair<string, object?>("reason", Reason(status)));

    private static string Reason(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => "credentials",
        StatusCodes.Status403Forbidden => "not_allowed",
        StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed => "no_such_path",
        StatusCodes.Status408RequestTimeout => "too_slow",
        StatusCodes.Status409Conflict => "conflict",
        StatusCodes.Status413PayloadTooLarge => "too_large",
        StatusCodes.Status415UnsupportedMediaType => "media_type",
        StatusCodes.Status422UnprocessableEntity => "invalid",
        StatusCodes.Status429TooManyRequests => "too_many",
        >= 500 => "unavailable",
        _ => "malformed",
    };
}
