using System.Globalization;
using Serilog;
using Serilog.Sinks.OpenTelemetry;

namespace Router.Hosting;

/// <summary>
/// The log by OTLP, besides the console. Sent in the background: a collector that is away costs lines, and nobody waits for it.
/// </summary>
internal static class OtlpLog
{
    // Lines that wait for the collector; what finds no room is dropped.
    private const int Most = 10_000;

    // The sink would wait for a hundred seconds, and a stopping host for the sink.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>If somebody asks for it.</summary>
    public static LoggerConfiguration AddOtlp(this LoggerConfiguration log, WebApplicationBuilder builder)
    {
        // What is wrong with them is said later, by the options themselves.
        if (TelemetryOptions.Of(builder.Configuration) is not { OtlpLog: true } options
            || !Uri.TryCreate(options.OtlpEndpoint, UriKind.Absolute, out _))
            return log;

        return log.WriteTo.OpenTelemetry(otlp =>
        {
            otlp.LogsEndpoint = options.OtlpUrl("logs").AbsoluteUri;
            otlp.Protocol = options.OtlpProtocol == "grpc" ? OtlpProtocol.Grpc : OtlpProtocol.HttpProtobuf;
            otlp.Headers = Headers(options.OtlpHeaders);
            otlp.ResourceAttributes = Telemetry.Resource(ServiceOf(builder.Environment.ApplicationName));
            otlp.FormatProvider = CultureInfo.InvariantCulture;
            otlp.BatchingOptions.QueueLimit = Most;
            otlp.HttpMessageHandler = new Brief { InnerHandler = new SocketsHttpHandler() };
        }, ignoreEnvironment: true);
    }

    /// <summary>Router.Api is lead-router-api.</summary>
    private static string ServiceOf(string application) => $"lead-{application.ToLowerInvariant().Replace('.', '-')}";

    private static Dictionary<string, string> Headers(string list) => list
        .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(header => header.Split('=', 2))
        .Where(header => header.Length == 2)
        .ToDictionary(header => header[0].Trim(), header => Uri.UnescapeDataString(header[1].Trim()), StringComparer.OrdinalIgnoreCase);

    private sealed class Brief : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(Patience);
            return await base.SendAsync(request, limit.Token);
        }
    }
}
