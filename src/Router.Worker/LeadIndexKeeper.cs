using Router.Core.Duties;
using Router.Core.Search;

namespace Router.Worker;

/// <summary>Looks for leads that searches don't find, because a worker died before it had written them.</summary>
internal sealed class LeadIndexKeeper(LeadIndex index, HostDuties duties, TimeProvider time)
    : PeriodicWork("Search for leads", Interval, duties, time, atOnce: true)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);
    private readonly TimeProvider _time = time;
    private bool _hasLookedFar;

    protected override async Task Once(CancellationToken cancellationToken)
    {
        // After a start for as long as all workers may have been gone; then for what was accepted since the last look, and as much again.
        var since = _time.GetUtcNow() - (_hasLookedFar ? Interval * 2 : TimeSpan.FromDays(1));
        _hasLookedFar = true;
        await index.FillGaps(since, cancellationToken);
    }
}
