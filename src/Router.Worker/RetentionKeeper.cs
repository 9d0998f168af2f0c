using Microsoft.Extensions.Options;
using Router.Core.Database;
using Router.Core.Retention;

namespace Router.Worker;

/// <summary>Has the ledger's days made and dropped. Every worker does it, one at a time.</summary>
internal sealed partial class RetentionKeeper(LedgerRetention retention, IOptions<RetentionOptions> options, TimeProvider time, ILogger<RetentionKeeper> logger) : BackgroundService
{
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // Once: there is a week's stock, and a default partition that takes what has no day.
        await Try(retention.MakeDays, cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.Interval, time);
        try
        {
            do
                await Try(retention.Tend, stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops. A copy that is under way is made anew by whoever comes next.
        }
    }

    private async Task Try(Func<CancellationToken, Task<bool>> work, CancellationToken cancellationToken)
    {
        try
        {
            await work(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // Leads go on without; the next time comes.
        catch (Exception failed)
        {
            // An outage is told by those who wait for the database; anything else is for us to see.
            if (!DatabaseAvailability.IsOutage(failed))
                LogFailed(logger, failed);
        }
#pragma warning restore CA1031
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The ledger's days could not be looked after; trying again")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
