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
        services.AddHealthChecks()
            .AddCheck<DatabaseCheck>("postgres", withoutDatabase, tags: ["ready"], timeout: TimeSpan.FromSeconds(3))
            .AddCheck<SecretsCheck>("secrets", HealthStatus.Unhealthy, tags: ["ready"], timeout: TimeSpan.FromSeconds(3))
            .AddCheck<DutiesCheck>("duties", HealthStatus.Degraded, tags: ["ready"]);
    }

    public static void MapHealth(this WebApplication app)
    {
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false }).AllowAnonymous();
        app.MapHealthChecks("/health/ready", new HealthCheckOptions
        {
            Predicate = check => check.Tags.Contains("ready"),
            ResponseWriter = (context, report) => context.Response.WriteAsJsonAsync(new
            {
                status = report.Status.ToString(),
                checks = report.Entries.ToDictionary(entry => entry.Key, entry => entry.Value.Status.ToString(), StringComparer.Ordinal),
                details = report.Entries.Where(
                    entry => entry.Value.Status is not HealthStatus.Healthy && entry.Value.Description is not null)
                    .ToDictionary(entry => entry.Key, entry => entry.Value.Description!, StringComparer.Ordinal),
            }),
        }).AllowAnonymous();
    }

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
