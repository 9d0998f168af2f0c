using Microsoft.Extensions.Hosting;

namespace Router.Core.Duties;

/// <summary>
/// Work that is done again and again, first after the interval or at once. A round that fails is told (<see cref="Duty"/>), whatever the
/// cause; the next one comes.
/// </summary>
public abstract class PeriodicWork(string name, TimeSpan interval, HostDuties duties, TimeProvider time, bool atOnce = false)
    : BackgroundService
{
    private readonly Duty _duty = duties.Add(name, interval);

    /// <summary>Does it once.</summary>
    protected abstract Task Once(CancellationToken cancellationToken);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _duty.Begin();
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
        ArgumentNullException.ThrowIfNull(work);
        try
        {
            await work(cancellationToken);
            _duty.Succeed();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // A loop that ends would leave its work undone for ever.
        catch (Exception failed)
        {
            _duty.Fail(failed);
        }
#pragma warning restore CA1031
    }
}
