using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Router.Hosting;

/// <summary>How many lines of the log were dropped and not yet told of. While there are any, the host is degraded.</summary>
internal sealed class LogLosses : IHealthCheck
{
    private long _count;

    public void Add() => Interlocked.Increment(ref _count);

    /// <summary>The count, which begins anew.</summary>
    public long Take() => Volatile.Read(ref _count) is 0 ? 0 : Interlocked.Exchange(ref _count, 0);

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(
        Volatile.Read(ref _count) is 0 ? HealthCheckResult.Healthy()
            : new HealthCheckResult(context.Registration.FailureStatus, "Nobody reads the console; lines of the log are dropped."));
}
