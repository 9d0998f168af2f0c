using Microsoft.Extensions.Options;
using Router.Core.Database;
using Router.Core.Deliveries;

namespace Router.Worker;

/// <summary>Takes a step of each replay once a second: that, and the share of the retry queue that a destination has, bounds what a replay may do.</summary>
internal sealed partial class ReplaySteps(ReplayJobs replays, IOptions<DeliveryOptions> options, TimeProvider time, ILogger<ReplaySteps> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.ReplayTick, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await replays.Step(stoppingToken);
                }
#pragma warning disable CA1031 // The replay is still there; the next tick goes on with it.
                catch (Exception failed) when (failed is not OperationCanceledException)
                {
                    if (!DatabaseAvailability.IsOutage(failed))
                        LogFailed(logger, failed);
                }
#pragma warning restore CA1031
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A step of a replay failed; trying again")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
