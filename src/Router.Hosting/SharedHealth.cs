using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Router.Hosting;

/// <summary>
/// What the checks say. Anybody may ask, and each look costs Postgres a transaction: there is one at a time, and all who ask meanwhile
/// share the next one. Nobody is told what was so before they asked.
/// </summary>
internal sealed class SharedHealth(HealthCheckService checks)
{
    private readonly Lock _lock = new();
    private Task _running = Task.CompletedTask;
    private Task<HealthReport>? _next;

    /// <summary>The report of all checks that say whether the host can do its work.</summary>
    public Task<HealthReport> Report()
    {
        lock (_lock)
            return _next ??= Look(_running);
    }

    private async Task<HealthReport> Look(Task before)
    {
        // Not within the lock of whoever asks.
        await Task.Yield();
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
            (_running, _next) = (_next!, null);
        return await checks.CheckHealthAsync(check => check.Tags.Contains("ready"));
    }
}
