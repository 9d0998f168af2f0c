using Microsoft.Extensions.Options;
using Router.Core.Deliveries;
using Router.Core.Destinations;
using Router.Core.Duties;
using Router.Core.Leads;

namespace Router.Worker;

/// <summary>Gives up what hasn't arrived within its destination's time to live: its dead letter first, then the ledger.</summary>
internal sealed partial class OldDeliveriesKeeper(
    OldDeliveries old, DestinationDirectory directory, PublishDeadLetter publish, IOptions<PauseOptions> options, HostDuties duties,
    TimeProvider time, ILogger<OldDeliveriesKeeper> logger)
    : PeriodicWork("Giving up of leads past their time", options.Value.PauseTick * 5, duties, time)
{
    private readonly ILogger _log = logger;
    private readonly TimeProvider _time = time;

    protected override async Task Once(CancellationToken cancellationToken)
    {
        while (await old.Take(cancellationToken) is { Count: > 0 } taken)
        {
            var ended = new List<OldDelivery>(taken.Count);
            foreach (var one in taken)
            {
                if (one.WasDelivered || await Publish(one, cancellationToken))
                    ended.Add(one);
            }

            if (ended.Count == 0)
                return;
            await old.End(ended, cancellationToken);
            LogGivenUp(_log, ended.Count);
        }
    }

    private async Task<bool> Publish(OldDelivery one, CancellationToken cancellationToken)
    {
        if (await directory.Find(one.Lead.SiteId, cancellationToken) is not { } site || site.Find(one.DestinationId) is not { } destination)
            return false;

        var body = OutgoingBody.Compose(one.Lead, site.Domain, site.LoginUrlTemplate).For(destination.PartnerId);
        var answer = new Answer { Error = AttemptError.TooOld };
        return await publish(one.Lead, destination, body, new Attempt(one.Attempts, _time.GetUtcNow(), TimeSpan.Zero, answer));
    }

    [LoggerMessage(Level = LogLevel.Error,
        Message = "{Count} deliveries did not arrive within their destinations' time to live: they wait in lead-dead-letters")]
    private static partial void LogGivenUp(ILogger logger, int count);
}
