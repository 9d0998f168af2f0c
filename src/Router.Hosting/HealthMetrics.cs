using System.Diagnostics.Metrics;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Router.Core.Telemetry;

namespace Router.Hosting;

/// <summary>What <c>/health/ready</c> says, as it was when the checks were last made: a scrape makes none.</summary>
internal sealed class HealthMetrics : IHealthCheckPublisher
{
    private volatile HealthReport? _report;

    public HealthMetrics(IMeterFactory meters) => meters.OfRouter().CreateObservableGauge(
        "lead_router.health.status", Statuses, "{status}", "What /health/ready says of each part: 2 healthy, 1 degraded, 0 unhealthy");

    public Task PublishAsync(HealthReport report, CancellationToken cancellationToken)
    {
        _report = report;
        return Task.CompletedTask;
    }

    private IEnumerable<Measurement<int>> Statuses() => _report?.Entries.Select(entry =>
        new Measurement<int>((int)entry.Value.Status, new KeyValuePair<string, object?>("check", entry.Key))) ?? [];
}

internal static class HealthMetricsHosting
{
    public static void AddHealthMetrics(this IServiceCollection services, TelemetryOptions options)
    {
        services.AddSingleton<HealthMetrics>();
        services.AddSingleton<IHealthCheckPublisher>(provider => provider.GetRequiredService<HealthMetrics>());
        services.Configure<HealthCheckPublisherOptions>(publisher =>
        {
            publisher.Predicate = check => check.Tags.Contains("ready");
            // The least that it takes.
            publisher.Period = options.LookInterval > TimeSpan.FromSeconds(1) ? options.LookInterval : TimeSpan.FromSeconds(1);
            publisher.Delay = TimeSpan.FromSeconds(1);
        });
    }
}
