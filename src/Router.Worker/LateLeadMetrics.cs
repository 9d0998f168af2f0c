using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using Router.Core.Deliveries;
using Router.Core.Telemetry;

namespace Router.Worker;

/// <summary>
/// How many leads are at risk: not at their Lead Manager in time. Each worker looks, and says the same; none while it can't look.
/// </summary>
internal sealed class LateLeadMetrics
{
    private readonly Latest<long> _count;

    public LateLeadMetrics(IMeterFactory meters, IOptions<DeliveryOptions> options, TimeProvider time)
    {
        _count = new Latest<long>(options.Value.LateAfter, time);
        meters.OfRouter().CreateObservableGauge<long>(
            "lead_router.leads.at_risk", () => _count.TryGet(out var count) ? [new(count)] : [],
            "{delivery}", "Leads and their changes that have not reached their Lead Manager in time (Delivery:LateAfter)");
    }

    public void Set(long count) => _count.Set(count);
}
