using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using Router.Core.Duties;
using Router.Core.Telemetry;

namespace Router.Hosting;

/// <summary>
/// OpenTelemetry: what is measured of a host, and who gets it. Instruments are made beside what they measure; where nobody asks for
/// metrics, nothing is looked for, and what is counted goes nowhere.
/// </summary>
internal static class Telemetry
{
    // The platform's own, without those of outgoing requests: they have the receiver's host in each series. System.Runtime is memory,
    // garbage collection and threads.
    private static readonly string[] OfPlatform =
        ["Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Npgsql", "System.Runtime"];

    /// <summary>Metrics of both hosts, if somebody asks for them.</summary>
    /// <param name="builder">After its settings are known.</param>
    /// <param name="service">What the host is called: <c>service.name</c>.</param>
    /// <returns>Whether somebody does.</returns>
    public static bool AddTelemetry(this WebApplicationBuilder builder, string service)
    {
        builder.Services.AddTelemetrySettings(builder.Configuration);
        if (TelemetryOptions.Of(builder.Configuration) is not { IsOn: true } options)
            return false;

        builder.AddPrometheusPort(options);
        builder.Services.AddHealthMetrics(options);
        builder.Services.AddSingleton<BrokerMetrics>();
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddAttributes(Resource(service)))
            .WithMetrics(metrics => AddMetrics(metrics, options));
        builder.Services.AddTraces(options);
        builder.Services.Observe<DutyMetrics>();
        builder.Services.Observe<HealthMetrics>();
        builder.Services.Observe<BrokerMetrics>();
        return true;
    }

    /// <summary>The settings, which doctor checks, too.</summary>
    public static void AddTelemetrySettings(this IServiceCollection services, IConfiguration configuration) =>
        services.AddOptions<TelemetryOptions>().Bind(configuration.GetSection("Telemetry")).ValidateDataAnnotations().ValidateOnStart();

    /// <summary>Makes what observes something when metrics begin; nobody else asks for it.</summary>
    public static void Observe<T>(this IServiceCollection services)
        where T : class =>
        services.ConfigureOpenTelemetryMeterProvider((provider, _) => provider.GetRequiredService<T>());

    /// <summary>What tells this host from others, in whatever it sends.</summary>
    public static Dictionary<string, object> Resource(string service) => new(StringComparer.Ordinal)
    {
        ["service.name"] = service,
        ["service.namespace"] = "lead-router",
        ["service.version"] = typeof(Telemetry).Assembly.GetName().Version!.ToString(3),
        ["service.instance.id"] = $"{Environment.MachineName}-{Environment.ProcessId}",
    };

    /// <summary>To the collector of the options.</summary>
    public static void SendTo(this OtlpExporterOptions otlp, TelemetryOptions options, string signal)
    {
        otlp.Protocol = options.OtlpProtocol == "grpc" ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
        otlp.Endpoint = options.OtlpUrl(signal);
        otlp.Headers = options.OtlpHeaders;
    }

    private static void AddMetrics(MeterProviderBuilder metrics, TelemetryOptions options)
    {
        metrics.AddMeter(RouterMeter.Name).AddMeter(OfPlatform);
        if (options.PrometheusPort > 0)
            metrics.AddPrometheusExporter();
        if (options.OtlpEndpoint.Length > 0)
            metrics.AddOtlpExporter((otlp, reader) =>
            {
                otlp.SendTo(options, "metrics");
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = (int)options.OtlpInterval.TotalMilliseconds;
            });
    }
}
