using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Router.Core.Deliveries;

/// <summary>
/// Requests that took longer than a lane waits for. They go on by themselves, and a stopping host waits for them: registered after the
/// recorder and before whatever consumes messages, this stops between the two.
/// </summary>
public sealed partial class SlowAttempts(ILogger<SlowAttempts> logger) : IHostedService
{
    private readonly ConcurrentDictionary<Task, bool> _running = new();

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.WhenAll(_running.Keys).WaitAsync(cancellationToken);

    /// <summary>Takes care of an attempt. Should it fail, its lease ends and the next number is made.</summary>
    public void Track(Task attempt)
    {
        var observed = Observe(attempt);
        _running[observed] = true;
        _ = observed.ContinueWith(done => _running.TryRemove(done, out _), TaskScheduler.Default);
    }

    private async Task Observe(Task attempt)
    {
        try
        {
            await attempt;
        }
#pragma warning disable CA1031 // Nobody else awaits it.
        catch (Exception failed)
        {
            LogFailed(logger, failed.GetType().Name);
        }
#pragma warning restore CA1031
    }

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "A slow attempt could not be recorded ({Exception}); it is made anew when its lease ends")]
    private static partial void LogFailed(ILogger logger, string exception);
}
