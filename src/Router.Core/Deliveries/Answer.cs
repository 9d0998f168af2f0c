namespace Router.Core.Deliveries;

/// <summary>Why there was no HTTP answer.</summary>
public enum AttemptError
{
    /// <summary>The host name could not be resolved.</summary>
    DnsFailure,

    /// <summary>Nobody listens on that port.</summary>
    ConnectionRefused,

    /// <summary>The connection could not be made for another reason.</summary>
    ConnectionFailed,

    /// <summary>No connection within <see cref="DeliveryOptions.ConnectTimeout"/>.</summary>
    ConnectTimeout,

    /// <summary>The TLS handshake failed, for example over a certificate.</summary>
    TlsFailure,

    /// <summary>No answer within <see cref="DeliveryOptions.RequestTimeout"/>.</summary>
    Timeout,

    /// <summary>The connection broke before an answer came.</summary>
    ConnectionLost,

    /// <summary>What came back was no HTTP.</summary>
    InvalidResponse,

    /// <summary>The destination's URL is none.</summary>
    InvalidUrl,

    /// <summary>The URL's scheme or port isn't allowed (<see cref="Destinations.NetworkOptions"/>); no request was made.</summary>
    UrlNotAllowed,

    /// <summary>The host has no address that may be connected to (<see cref="Destinations.NetworkOptions"/>); no request was made.</summary>
    AddressNotAllowed,

    /// <summary>The destination's secret can't sign by its scheme.</summary>
    InvalidSecret,
}

/// <summary>What came back from one request: an HTTP status or the reason why there is none.</summary>
public sealed record Answer
{
    /// <summary>The HTTP status; null when there was none.</summary>
    public int? Status { get; init; }

    /// <summary>Why there was no status.</summary>
    public AttemptError? Error { get; init; }

    /// <summary>The wait that the receiver asked for.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The first bytes of the answer's body.</summary>
    public byte[] Body { get; init; } = [];

    /// <summary>The status or the reason why there is none, for people.</summary>
    public string Summary => Status?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? ErrorCode ?? "nothing";

    /// <summary>One word for histories and logs, for example <c>connection_refused</c>; null when a status came.</summary>
    public string? ErrorCode => Error switch
    {
        AttemptError.DnsFailure => "dns_failure",
        AttemptError.ConnectionRefused => "connection_refused",
        AttemptError.ConnectionFailed => "connection_failed",
        AttemptError.ConnectTimeout => "connect_timeout",
        AttemptError.TlsFailure => "tls_failure",
        AttemptError.Timeout => "timeout",
        AttemptError.ConnectionLost => "connection_lost",
        AttemptError.InvalidResponse => "invalid_response",
        AttemptError.InvalidUrl => "invalid_url",
        AttemptError.UrlNotAllowed => "url_not_allowed",
        AttemptError.AddressNotAllowed => "address_not_allowed",
        AttemptError.InvalidSecret => "invalid_secret",
        _ => null,
    };
}
