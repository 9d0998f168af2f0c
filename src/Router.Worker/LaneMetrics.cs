using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using Router.Core.Deliveries;
using Router.Core.Telemetry;
using Router.Hosting;

namespace Router.Worker;

/// <summary>How full this worker's lanes are.</summary>
internal sealed class LaneMetrics
{
    public LaneMetrics(IMeterFactory meters, LaneCounts lanes, IOptions<LaneOptions> options)
    {
        var meter = meters.OfRouter();
        meter.CreateObservableCounter(
            "lead_router.lane.messages", () => Each(queue => lanes.Of(queue).Taken), "{message}", "Messages that came into a lane");
        meter.CreateObservableUpDownCounter(
            "lead_router.lane.in_flight", () => Each(queue => lanes.Of(queue).InHand), "{message}", "Messages in hand in a lane");
        meter.CreateObservableUpDownCounter(
            "lead_router.lane.places", () => Each(queue => Lanes.Places(queue, options.Value)), "{message}",
            "Messages that a lane may have in hand");
    }

    private static IEnumerable<Measurement<T>> Each<T>(Func<string, T> value)
        where T : struct =>
        BrokerQueues.Consumed.Select(queue => new Measurement<T>(value(queue), new KeyValuePair<string, object?>("lane", queue)));
}
