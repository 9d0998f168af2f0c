using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Router.Hosting;

/// <summary>
/// Section <c>Telemetry</c>: metrics, for Prometheus to scrape or to be sent by OTLP. Without either there are none. Traces and the log are
/// sent by OTLP, too, where they are asked for.
/// </summary>
internal sealed class TelemetryOptions : IValidatableObject
{
    /// <summary>
    /// Port on which a host answers <c>/metrics</c> and nothing else, each host on a machine its own. Whoever reaches it
    /// may read it. 0 is none. Default 0.
    /// </summary>
    [Range(0, 65535)]
    public int PrometheusPort { get; set; }

    /// <summary>
    /// The address that this port is open at: <c>0.0.0.0</c> for all of the machine's. Default <c>127.0.0.1</c>.
    /// </summary>
    public string PrometheusAddress { get; set; } = "127.0.0.1";

    /// <summary>
    /// Where metrics are sent by OTLP, and traces and the log where they are asked for; an OpenTelemetry Collector for
    /// example: <c>http://127.0.0.1:4318</c>. Default none.
    /// </summary>
    [RegularExpression("^https?://.*", ErrorMessage = "Telemetry:OtlpEndpoint must begin with http:// or https://.")]
    public string OtlpEndpoint { get; set; } = "";

    /// <summary>How they are sent: protobuf over HTTP, or gRPC. Default <c>http</c>.</summary>
    [RegularExpression("^(http|grpc)$", ErrorMessage = "Telemetry:OtlpProtocol is http or grpc.")]
    public string OtlpProtocol { get; set; } = "http";

    /// <summary>
    /// Headers that go along, <c>name=value</c> separated by commas: a key of the receiver, for example. Default none.
    /// </summary>
    [RegularExpression("^[^\\x00-\\x1f]*$", ErrorMessage = "Telemetry:OtlpHeaders is a list such as api-key=…")]
    public string OtlpHeaders { get; set; } = "";

    /// <summary>How often metrics are sent. Default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan OtlpInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How often one of the workers asks Postgres what waits, and each host its health checks. Where the answer takes
    /// long, it is asked for less often. Default 15 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan LookInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Of how many destinations, those where most waits, there is a metric of their own, with the ids of destination and
    /// site. Default 0.
    /// </summary>
    [Range(0, 100)]
    public int TopDestinations { get; set; }

    /// <summary>
    /// The share of leads whose traces are sent to <see cref="OtlpEndpoint"/>: 1 is all, 0.01 one of a hundred, 0 none. The API decides for
    /// each lead; in a worker whatever is more than 0 means the same. Default 0.
    /// </summary>
    [Range(0.0, 1.0)]
    public double TraceShare { get; set; }

    /// <summary>
    /// Whether a sender's <c>traceparent</c>, where it comes with one, decides whether its lead is traced, rather than
    /// <see cref="TraceShare"/>. Default false.
    /// </summary>
    public bool TraceAsSent { get; set; }

    /// <summary>Whether the statements to Postgres are in traces, too, without their parameters. Default false.</summary>
    public bool TraceStatements { get; set; }

    /// <summary>Whether the log is sent to <see cref="OtlpEndpoint"/>, besides the console. Default false.</summary>
    public bool OtlpLog { get; set; }

    /// <summary>As they are configured, checked or not.</summary>
    public static TelemetryOptions Of(IConfiguration configuration) =>
        configuration.GetSection("Telemetry").Get<TelemetryOptions>() ?? new TelemetryOptions();

    /// <summary>Whether there are traces.</summary>
    public bool HasTraces => TraceShare > 0 && OtlpEndpoint.Length > 0;

    /// <summary>Whether anything asks for metrics.</summary>
    public bool IsOn => PrometheusPort > 0 || OtlpEndpoint.Length > 0;

    /// <summary>Where one signal of OTLP goes.</summary>
    /// <param name="signal">As OTLP's paths have it: <c>metrics</c>, <c>traces</c>, <c>logs</c>.</param>
    public Uri OtlpUrl(string signal) =>
        new(OtlpProtocol == "grpc" ? OtlpEndpoint : $"{OtlpEndpoint.TrimEnd('/')}/v1/{signal}");

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!IPAddress.TryParse(PrometheusAddress, out _))
            yield return new ValidationResult(
                "Telemetry:PrometheusAddress is an IP address such as 127.0.0.1 or 0.0.0.0.", [nameof(PrometheusAddress)]);
        if (OtlpEndpoint.Length == 0 && TraceShare > 0)
            yield return new ValidationResult("Telemetry:TraceShare needs Telemetry:OtlpEndpoint.", [nameof(TraceShare)]);
        if (OtlpEndpoint.Length == 0 && OtlpLog)
            yield return new ValidationResult("Telemetry:OtlpLog needs Telemetry:OtlpEndpoint.", [nameof(OtlpLog)]);
        if (OtlpEndpoint.Length > 0 && !Uri.TryCreate(OtlpEndpoint, UriKind.Absolute, out _))
            yield return new ValidationResult("Telemetry:OtlpEndpoint is no URL.", [nameof(OtlpEndpoint)]);
    }
}
