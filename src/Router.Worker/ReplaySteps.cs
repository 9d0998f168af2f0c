using Microsoft.Extensions.Options;
using Router.Core.Deliveries;
using Router.Core.Duties;

namespace Router.Worker;

/// <summary>
/// Takes a step of each replay once a second: that, and the share of the retry queue that a destination has, bounds what a replay may do.
/// </summary>
internal sealed class ReplaySteps(RunningReplays replays, IOptions<ReplayOptions> options, HostDuties duties, TimeProvider time)
    : PeriodicWork("Replaying", options.Value.ReplayTick, duties, time)
{
    protected override Task Once(CancellationToken cancellationToken) => replays.Step(cancellationToken);
}
