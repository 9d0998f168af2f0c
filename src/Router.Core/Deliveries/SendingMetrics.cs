using System.Diagnostics.Metrics;
using Router.Core.Telemetry;

namespace Router.Core.Deliveries;

/// <summary>What this worker is sending, and where it sends nothing because nobody answers.</summary>
public sealed class SendingMetrics
{
    private static readonly KeyValuePair<string, object?> OfDestinations = new("kind", "destination");
    private static readonly KeyValuePair<string, object?> OfProxy = new("kind", "proxy");

    /// <summary>Makes the instruments.</summary>
    public SendingMetrics(IMeterFactory meters, DestinationBulkheads bulkheads, OutgoingProxy proxy)
    {
        var meter = meters.OfRouter();
        meter.CreateObservableUpDownCounter(
            "lead_router.delivery.in_flight", () => bulkheads.InFlight, "{attempt}", "Requests under way to destinations");
        meter.CreateObservableUpDownCounter(
            "lead_router.delivery.slow", () => bulkheads.Slow, "{attempt}", "Requests under way that have left their lane: they take long");
        meter.CreateObservableUpDownCounter<int>(
            "lead_router.breakers.open",
            () => [new(bulkheads.OpenBreakers, OfDestinations), new(proxy.Trouble is null ? 0 : 1, OfProxy)],
            "{breaker}", "Destinations, and our own proxy, to which nothing is sent for the moment because they don't answer");
    }
}
