using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Router.Hosting;

/// <summary>
/// Section <c>Telemetry</c>: metrics, for Prometheus to scrape or to be sent by OTLP. Without either there are none.
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
    /// Where metrics are sent by OTLP, an OpenTelemetry Collector for example: <c>http://127.0.0.1:4318</c>. Default
    /// none.
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

    /// <summary>How often they are sent. Default 15 s.</summary>
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

    /// <summary>Whether anything asks for metrics.</summary>
    public bool IsOn => PrometheusPort > 0 || OtlpEndpoint.Length > 0;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!IPAddress.TryParse(PrometheusAddress, out _))
            yield return new ValidationResult(
                "Telemetry:PrometheusAddress is an IP address such as 127.0.0.1 or 0.0.0.0.", [nameof(PrometheusAddress)]);
        if (OtlpEndpoint.Length > 0 && !Uri.TryCreate(OtlpEndpoint, UriKind.Absolute, out _))
            yield return new ValidationResult("Telemetry:OtlpEndpoint is no URL.", [nameof(OtlpEndpoint)]);
    }
}
