using System.Data.Common;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Router.Core.SetAside;

namespace Router.Api.Incoming;

/// <summary>Accepted leads that wait for a person are never silent.</summary>
internal sealed class SetAsideCheck(SetAsideMessages messages) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            return await messages.Counts(cancellationToken) is { Count: > 0 } counts
                ? HealthCheckResult.Degraded(
                    $"{counts.Sum(row => row.Count)} messages are set aside and wait for an operator: see /operator/set-aside.")
                : HealthCheckResult.Healthy();
        }
        catch (Exception away) when (away is DbException or TimeoutException or OperationCanceledException)
        {
            return HealthCheckResult.Degraded("Whether messages are set aside isn't known: Postgres doesn't answer.");
        }
    }
}
