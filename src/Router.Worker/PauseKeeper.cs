using Microsoft.Extensions.Options;
using Router.Core.Database;
using Router.Core.Deliveries;

namespace Router.Worker;

/// <summary>Looks after pauses: begins them, holds what waits, probes, ends them and lets what was held go. Every worker does it.</summary>
internal sealed partial class PauseKeeper(DestinationPauses pauses, IOptions<DeliveryOptions> options, TimeProvider time, ILogger<PauseKeeper> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.PauseTick, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await Tick(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async Task Tick(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var destination in await pauses.PauseFailing(cancellationToken))
                LogPaused(logger, destination);
            await pauses.Hold(cancellationToken);
            foreach (var destination in await pauses.Probe(cancellationToken))
                LogProbed(logger, destination);
            foreach (var destination in await pauses.Resume(cancellationToken))
                LogResumed(logger, destination);
            await pauses.Drain(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // Held deliveries must not wait for ever because one tick failed.
        catch (Exception failed)
        {
            // An outage is told by those who wait for the database; anything else is for us to see.
            if (!DatabaseAvailability.IsOutage(failed))
                LogFailed(logger, failed);
        }
#pragma warning restore CA1031
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Destination {DestinationId} keeps failing and is paused: its deliveries are held")]
    private static partial void LogPaused(ILogger logger, Guid destinationId);

    [LoggerMessage(Level = LogLevel.Information, Message = "Paused destination {DestinationId} is probed with one of its deliveries")]
    private static partial void LogProbed(ILogger logger, Guid destinationId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Destination {DestinationId} is well again and resumed: what was held is sent")]
    private static partial void LogResumed(ILogger logger, Guid destinationId);

    [LoggerMessage(Level = LogLevel.Error, Message = "Pauses could not be looked after; trying again")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
