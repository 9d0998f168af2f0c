using Router.Core.Database;

namespace Router.Worker;

/// <summary>Work that is done again and again, first after the interval or at once. One time that fails is logged; the next one comes.</summary>
internal abstract partial class PeriodicWork(TimeSpan interval, TimeProvider time, ILogger logger, bool atOnce = false) : BackgroundService
{
    /// <summary>Does it once.</summary>
    protected abstract Task Once(CancellationToken cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            if (atOnce)
                await Try(Once, stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await Try(Once, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    /// <summary>Does something whose failure must not end the loop.</summary>
    protected async Task Try(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // A loop that ends would leave its work undone for ever, silently.
        catch (Exception failed)
        {
            // An outage is told by those who wait for the database; anything else is for us to see.
            if (!DatabaseAvailability.IsOutage(failed))
                LogFailed(logger, GetType().Name, failed);
        }
#pragma warning restore CA1031
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Work} failed; trying again")]
    private static partial void LogFailed(ILogger logger, string work, Exception exception);
}
