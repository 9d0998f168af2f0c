using System.Collections.Concurrent;

namespace Router.Worker;

/// <summary>
/// Requests that took longer than a lane waits for. They go on by themselves, and a stopping worker waits for them: registered
/// before the bus, this stops after it.
/// </summary>
internal sealed partial class SlowAttempts(ILogger<SlowAttempts> logger) : IHostedService
{
    private readonly ConcurrentDictionary<Task, bool> _running = new();

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

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

    [LoggerMessage(Level = LogLevel.Warning, Message = "A slow attempt could not be recorded ({Exception}); it is made anew when its lease ends")]
    private static partial void LogFailed(ILogger logger, string exception);
}
