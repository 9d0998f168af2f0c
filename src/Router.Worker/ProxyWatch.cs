using Microsoft.Extensions.Diagnostics.HealthChecks;
using Router.Core.Deliveries;
using Router.Core.Duties;

namespace Router.Worker;

/// <summary>
/// Looks whether the proxy for outgoing requests can be reached, also while nothing is sent: operators hear of it before owners do.
/// </summary>
internal sealed class ProxyWatch(OutgoingProxy proxy, HostDuties duties, TimeProvider time)
    : PeriodicWork("Reaching the proxy for outgoing requests", TimeSpan.FromSeconds(5), duties, time, atOnce: true), IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(proxy.Trouble is { } trouble ? HealthCheckResult.Degraded(trouble) : HealthCheckResult.Healthy());

    protected override Task Once(CancellationToken cancellationToken) => proxy.Look(cancellationToken);
}
