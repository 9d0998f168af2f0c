using Microsoft.Extensions.Options;
using Router.Core.Duties;
using Router.Core.Retention;

namespace Router.Worker;

/// <summary>
/// Has the ledger's days made and dropped. Every worker does it, one at a time. When a host stops, a copy that is under way is made anew by
/// whoever comes next.
/// </summary>
internal sealed class RetentionKeeper(LedgerRetention retention, IOptions<RetentionOptions> options, HostDuties duties, TimeProvider time)
    : PeriodicWork("Retention", options.Value.Interval, duties, time, atOnce: true)
{
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // Once: there is a week's stock, and a default partition that takes what has no day.
        await Try(retention.MakeDays, cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override Task Once(CancellationToken cancellationToken) => retention.Tend(cancellationToken);
}
