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

    /// <summary>The TLS handshake failed for a reason that isn't told apart.</summary>
    TlsFailure,

    /// <summary>What answered on an https URL speaks no TLS.</summary>
    TlsNotSpoken,

    /// <summary>The receiver speaks only versions of TLS that are too old (before 1.2).</summary>
    TlsVersion,

    /// <summary>The receiver wants a certificate of its client's.</summary>
    TlsClientCertificate,

    /// <summary>The receiver refused the certificate that the destination has for it.</summary>
    TlsClientCertificateRefused,

    /// <summary>The receiver's certificate, or one above it, has expired.</summary>
    CertificateExpired,

    /// <summary>The receiver's certificate counts from a later time on.</summary>
    CertificateNotYetValid,

    /// <summary>The receiver's certificate is for other hosts.</summary>
    CertificateWrongHost,

    /// <summary>The receiver doesn't send the certificates between its own and a known authority, or there is no such authority.</summary>
    CertificateChainIncomplete,

    /// <summary>The receiver's certificate is signed by itself.</summary>
    CertificateSelfSigned,

    /// <summary>The receiver's certificate comes from an authority that this system doesn't trust.</summary>
    CertificateAuthorityUnknown,

    /// <summary>The receiver's certificate can't be used for another reason, such as a weak signature or a wrong purpose.</summary>
    CertificateInvalid,

    /// <summary>The receiver's certificate, or one between it and its authority, has a key or a signature that is too weak.</summary>
    CertificateWeak,

    /// <summary>No answer within <see cref="DeliveryOptions.RequestTimeout"/>, or the destination's own timeout.</summary>
    Timeout,

    /// <summary>The connection broke before an answer came.</summary>
    ConnectionLost,

    /// <summary>What came back was no HTTP.</summary>
    InvalidResponse,

    /// <summary>What came back was HTTP, but no status could be read from it.</summary>
    InvalidStatus,

    /// <summary>The destination's URL is none.</summary>
    InvalidUrl,

    /// <summary>The URL's scheme or port isn't allowed (<see cref="Destinations.NetworkOptions"/>); no request was made.</summary>
    UrlNotAllowed,

    /// <summary>
    /// The host has no address that may be connected to (<see cref="Destinations.NetworkOptions"/>); no request was made.
    /// </summary>
    AddressNotAllowed,

    /// <summary>The destination's secret can't sign by its scheme.</summary>
    InvalidSecret,

    /// <summary>The destination's mapping can't be applied to this event; no request was made.</summary>
    MappingFailed,

    /// <summary>It did not arrive within the destination's time to live; no request was made.</summary>
    TooOld,

    /// <summary>The token endpoint gave no access token (<see cref="Answer.OfTokenEndpoint"/>); no request was made.</summary>
    TokenEndpoint,

    /// <summary>The token endpoint's answer was a success without a token that can be used.</summary>
    NoToken,

    /// <summary>Our proxy can't be connected to, or what listens there is no proxy.</summary>
    ProxyUnreachable,

    /// <summary>Our proxy doesn't take the user and password that are configured, or wants some.</summary>
    ProxyAuthentication,

    /// <summary>Our proxy doesn't let this request through.</summary>
    ProxyRefused,

    /// <summary>Our proxy took the request, but could not connect to the receiver.</summary>
    ProxyNoConnection,
}

/// <summary>The words for why there was no answer, in histories, filters and logs.</summary>
public static class AttemptErrorWords
{
    /// <summary>Its word, for example <c>connection_refused</c>.</summary>
    public static string Text(this AttemptError error) => error switch
    {
        AttemptError.DnsFailure => "dns_failure",
        AttemptError.ConnectionRefused => "connection_refused",
        AttemptError.ConnectionFailed => "connection_failed",
        AttemptError.ConnectTimeout => "connect_timeout",
        AttemptError.TlsFailure => "tls_failure",
        AttemptError.TlsNotSpoken => "tls_not_spoken",
        AttemptError.TlsVersion => "tls_version",
        AttemptError.TlsClientCertificate => "tls_client_certificate",
        AttemptError.TlsClientCertificateRefused => "tls_client_certificate_refused",
        AttemptError.CertificateExpired => "certificate_expired",
        AttemptError.CertificateNotYetValid => "certificate_not_yet_valid",
        AttemptError.CertificateWrongHost => "certificate_wrong_host",
        AttemptError.CertificateChainIncomplete => "certificate_chain_incomplete",
        AttemptError.CertificateSelfSigned => "certificate_self_signed",
        AttemptError.CertificateAuthorityUnknown => "certificate_authority_unknown",
        AttemptError.CertificateInvalid => "certificate_invalid",
        AttemptError.CertificateWeak => "certificate_weak",
        AttemptError.Timeout => "timeout",
        AttemptError.ConnectionLost => "connection_lost",
        AttemptError.InvalidResponse => "invalid_response",
        AttemptError.InvalidStatus => "invalid_status",
        AttemptError.InvalidUrl => "invalid_url",
        AttemptError.UrlNotAllowed => "url_not_allowed",
        AttemptError.AddressNotAllowed => "address_not_allowed",
        AttemptError.InvalidSecret => "invalid_secret",
        AttemptError.MappingFailed => "mapping_failed",
        AttemptError.TooOld => "too_old",
        AttemptError.TokenEndpoint => "token_endpoint",
        AttemptError.NoToken => "no_token",
        AttemptError.ProxyUnreachable => "proxy_unreachable",
        AttemptError.ProxyAuthentication => "proxy_authentication",
        AttemptError.ProxyRefused => "proxy_refused",
        AttemptError.ProxyNoConnection => "proxy_no_connection",
    };

    /// <summary>
    /// Whether it says nothing about the destination, because no request to any other would have got further: it is neither counted as the
    /// destination's failure nor as a step of the schedule.
    /// </summary>
    public static bool IsOfProxyItself(this AttemptError error) =>
        error is AttemptError.ProxyUnreachable or AttemptError.ProxyAuthentication;

    /// <summary>The words of those, also where an access token was asked for.</summary>
    public static IReadOnlyList<string> OfProxyItself { get; } =
        [.. Enum.GetValues<AttemptError>().Where(IsOfProxyItself).SelectMany(
            error => (string[])[error.Text(), $"{AttemptError.TokenEndpoint.Text()}_{error.Text()}"])];
}
