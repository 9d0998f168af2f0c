using OpenTelemetry;
using OpenTelemetry.Trace;
using Router.Core.Telemetry;

namespace Router.Hosting;

/// <summary>
/// Traces of leads, by OTLP. Only the router's own source is listened to: what platform and libraries say of requests holds paths and
/// headers, and so people's tokens and receivers' secrets.
/// </summary>
internal static class Tracing
{
    /// <summary>If somebody asks for them.</summary>
    public static void AddTraces(this IServiceCollection services, TelemetryOptions options)
    {
        if (!options.HasTraces)
            return;

        services.AddOpenTelemetry().WithTracing(traces =>
        {
            traces.SetSampler(new LeadSampler(options.TraceShare, options.TraceAsSent)).AddSource(RouterTraces.Name);
            if (options.TraceStatements)
                traces.AddSource(RouterTraces.NameOfCommits, StatementSpans.Source).AddProcessor(new StatementSpans());
            traces.AddOtlpExporter(otlp => otlp.SendTo(options, "traces"));
        });
    }
}
