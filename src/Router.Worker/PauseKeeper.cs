using Microsoft.Extensions.Options;
using Router.Core.Deliveries;
using Router.Core.Duties;

namespace Router.Worker;

/// <summary>Looks after pauses: begins them, holds what waits, probes, ends them and lets what was held go. Every worker does it.</summary>
internal sealed partial class PauseKeeper(
    DestinationPauses pauses, LeadOrder order, IOptions<PauseOptions> options, HostDuties duties, TimeProvider time,
    ILogger<PauseKeeper> logger)
    : PeriodicWork("Pausing of destinations", options.Value.PauseTick, duties, time)
{
    private const int DrainSteps = 4;

    private readonly ILogger _log = logger;
    private readonly TimeProvider _time = time;
    private readonly TimeSpan _step = options.Value.PauseTick / DrainSteps;

    protected override async Task Once(CancellationToken cancellationToken)
    {
        foreach (var destination in await pauses.PauseFailing(cancellationToken))
            LogPaused(_log, destination);
        if (await pauses.Any(cancellationToken))
        {
            await pauses.Hold(cancellationToken);
            foreach (var destination in await pauses.Probe(cancellationToken))
                LogProbed(_log, destination);
            foreach (var destination in await pauses.Resume(cancellationToken))
                LogResumed(_log, destination);
        }

        if (await pauses.Abandon(cancellationToken) is > 0 and var abandoned)
            LogAbandoned(_log, abandoned);
        var quiet = await pauses.Quiet(_time.GetUtcNow(), cancellationToken);
        // In small steps: what is let go at once is written at once, and fresh leads would meet that on the disk.
        for (var step = 0; await pauses.Drain(grow: step == 0, quiet, cancellationToken) > 0 && step < DrainSteps - 1; step++)
            await Task.Delay(_step, _time, cancellationToken);
        await order.ForgetEnded(cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Destination {DestinationId} keeps failing and is paused: its deliveries are held")]
    private static partial void LogPaused(ILogger logger, Guid destinationId);

    [LoggerMessage(Level = LogLevel.Information, Message = "Paused destination {DestinationId} is probed with one of its deliveries")]
    private static partial void LogProbed(ILogger logger, Guid destinationId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Destination {DestinationId} is well again and resumed: what was held is sent")]
    private static partial void LogResumed(ILogger logger, Guid destinationId);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} held deliveries are canceled: their destinations are switched off")]
    private static partial void LogAbandoned(ILogger logger, int count);
}
