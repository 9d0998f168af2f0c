using System.Diagnostics;
using Router.Core.Leads;
using Router.Core.Telemetry;

namespace Router.Hosting;

/// <summary>The span of a message about a lead that is published, with attributes as OpenTelemetry's conventions have them.</summary>
internal static class PublishTraces
{
    /// <summary>Null outside a trace. Dispose it once the broker has the message.</summary>
    public static Activity? Begin(string queue, LeadEvent lead) => RouterTraces.IsTraced ? Begun(queue, lead) : null;

    private static Activity? Begun(string queue, LeadEvent lead) => RouterTraces.Begin($"publish {queue}", ActivityKind.Producer)
        ?.SetTag("messaging.system", "rabbitmq")
        .SetTag("messaging.operation.name", "publish")
        .SetTag("messaging.operation.type", "send")
        .SetTag("messaging.destination.name", queue)
        .SetTag("messaging.message.id", lead.EventId.ToString("D"))
        .SetTag("lead_router.site.id", lead.SiteId.ToString("D"))
        .SetTag("lead_router.action", lead.Action.Text());
}
