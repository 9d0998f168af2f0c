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
        meter.CreateObservableUpDownCounter(
            "lead_router.site.most_in_flight", () => bulkheads.MostOfSite, "{attempt}",
            "Requests under way to destinations of the one site that has most of them, but for its Lead Manager");
        meter.CreateObservableUpDownCounter(
            "lead_router.sites.full", () => bulkheads.FullSites, "{site}",
            "Sites that have all the requests under way that one may have; what else they have waits");
        meter.CreateObservableUpDownCounter<int>(
            "lead_router.breakers.open",
            () => [new(bulkheads.OpenBreakers, OfDestinations), new(proxy.Trouble is null ? 0 : 1, OfProxy)],
            "{breaker}", "Destinations, and our own proxy, to which nothing is sent for the moment because they don't answer");
    }
}
