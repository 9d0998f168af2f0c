using System.Diagnostics.Metrics;
using Router.Core.Telemetry;

namespace Router.Hosting;

/// <summary>What this host saw of RabbitMQ at its last look; nothing while it can't see it.</summary>
internal sealed class BrokerMetrics
{
    private static readonly HashSet<string> Queues = [.. BrokerQueues.All, .. BrokerQueues.Errors];

    private readonly BrokerWatch _watch;

    public BrokerMetrics(IMeterFactory meters, BrokerWatch watch)
    {
        _watch = watch;
        var meter = meters.OfRouter();
        meter.CreateObservableGauge("lead_router.queue.messages", Messages, "{message}", "Messages in each of the router's queues");
        meter.CreateObservableGauge(
            "lead_router.broker.findings", () => watch.Findings.Count(finding => finding.Weight is FindingWeight.Danger), "{finding}",
            "Things about RabbitMQ that keep leads from moving, or would lose them");
    }

    // Somebody else may have queues beside ours.
    private IEnumerable<Measurement<long>> Messages() => _watch.Waiting.Where(queue => Queues.Contains(queue.Name)).Select(
        queue => new Measurement<long>(queue.Messages, new KeyValuePair<string, object?>("queue", queue.Name)));
}
