using Microsoft.Extensions.Options;
using Router.Core.Deliveries;

namespace Router.Worker;

/// <summary>Takes a step of each replay once a second: that, and the share of the retry queue that a destination has, bounds what a replay may do.</summary>
internal sealed class ReplaySteps(ReplayJobs replays, IOptions<DeliveryOptions> options, TimeProvider time, ILogger<ReplaySteps> logger)
    : PeriodicWork(options.Value.ReplayTick, time, logger)
{
    protected override Task Once(CancellationToken cancellationToken) => replays.Step(cancellationToken);
}
