using System.Net;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Router.Core.Duties;

namespace Router.Hosting;

/// <summary><c>/health/live</c>: the process answers. <c>/health/ready</c>: it can do its work.</summary>
internal static class Health
{
    /// <param name="services">Where to register.</param>
    /// <param name="withoutDatabase">What the host is while Postgres is away or can't be written: ingest goes on, deliveries wait.</param>
    public static void AddHealth(this IServiceCollection services, HealthStatus withoutDatabase)
    {
        // Each duty goes on whatever happens, and says so; should one end all the same, the host still takes and delivers leads.
        services.Configure<HostOptions>(host => host.BackgroundServiceExceptionBehavior = BackgroundServiceExceptionBehavior.Ignore);
        services.AddSingleton<SharedHealth>();
        services.AddHealthChecks()
            .AddCheck<DatabaseCheck>("postgres", withoutDatabase, tags: ["ready"], timeout: TimeSpan.FromSeconds(3))
            .AddCheck<SecretsCheck>("secrets", HealthStatus.Unhealthy, tags: ["ready"], timeout: TimeSpan.FromSeconds(3))
            .AddCheck<DutiesCheck>("duties", HealthStatus.Degraded, tags: ["ready"]);
    }

    public static void MapHealth(this WebApplication app)
    {
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false }).AllowAnonymous();
        app.MapGet("/health/ready", async (SharedHealth health, HttpContext context) =>
        {
            var report = await health.Report();
            context.Response.StatusCode = report.Status is HealthStatus.Unhealthy
                ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK;
            context.Response.Headers.CacheControl = "no-store, no-cache";
            await context.Response.WriteAsJsonAsync(new
            {
                status = report.Status.ToString(),
                checks = report.Entries.ToDictionary(entry => entry.Key, entry => entry.Value.Status.ToString(), StringComparer.Ordinal),
                // For whoever looks on this machine; strangers needn't know what isn't in order.
                details = IsThisMachine(context) ? report.Entries.Where(
                    entry => entry.Value.Status is not HealthStatus.Healthy && entry.Value.Description is not null)
                    .ToDictionary(entry => entry.Key, entry => entry.Value.Description!, StringComparer.Ordinal) : null,
            });
        }).AllowAnonymous().ExcludeFromDescription();
    }

    private static bool IsThisMachine(HttpContext context) => context.Connection.RemoteIpAddress is { } from && IPAddress.IsLoopback(from);

    /// <summary>What this host has to do again and again, and doesn't get done.</summary>
    private sealed class DutiesCheck(HostDuties duties) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            var late = duties.All.Where(duty => duty.IsLate).Select(duty => duty.Sentence).ToList();
            return Task.FromResult(late.Count == 0
                ? HealthCheckResult.Healthy()
                : new HealthCheckResult(context.Registration.FailureStatus, string.Join(' ', late)));
        }
    }
}
