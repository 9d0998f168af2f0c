using Microsoft.Extensions.Options;
using Router.Core.Deliveries;

namespace Router.Worker;

/// <summary>Looks after pauses: begins them, holds what waits, probes, ends them and lets what was held go. Every worker does it.</summary>
internal sealed partial class PauseKeeper(DestinationPauses pauses, IOptions<DeliveryOptions> options, TimeProvider time, ILogger<PauseKeeper> logger)
    : PeriodicWork(options.Value.PauseTick, time, logger)
{
    private readonly ILogger _log = logger;

    protected override async Task Once(CancellationToken cancellationToken)
    {
        foreach (var destination in await pauses.PauseFailing(cancellationToken))
            LogPaused(_log, destination);
        await pauses.Hold(cancellationToken);
        foreach (var destination in await pauses.Probe(cancellationToken))
            LogProbed(_log, destination);
        foreach (var destination in await pauses.Resume(cancellationToken))
            LogResumed(_log, destination);
        await pauses.Drain(cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Destination {DestinationId} keeps failing and is paused: its deliveries are held")]
    private static partial void LogPaused(ILogger logger, Guid destinationId);

    [LoggerMessage(Level = LogLevel.Information, Message = "Paused destination {DestinationId} is probed with one of its deliveries")]
    private static partial void LogProbed(ILogger logger, Guid destinationId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Destination {DestinationId} is well again and resumed: what was held is sent")]
    private static partial void LogResumed(ILogger logger, Guid destinationId);
}
