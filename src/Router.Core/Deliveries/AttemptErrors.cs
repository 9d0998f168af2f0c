using System.Net.Sockets;
using Router.Core.Destinations;

namespace Router.Core.Deliveries;

/// <summary>Why a request got no answer, from what the client throws or the guard says. Pure.</summary>
internal static class AttemptErrors
{
    public static AttemptError Of(HttpRequestException failed) => failed.HttpRequestError switch
    {
        HttpRequestError.NameResolutionError => AttemptError.DnsFailure,
        HttpRequestError.SecureConnectionError => TlsFailures.Of(failed.InnerException),
        HttpRequestError.ConnectionError => failed.InnerException switch
        {
            AddressNotAllowedException => AttemptError.AddressNotAllowed,
            ProxyException proxy => proxy.Error,
            SocketException { SocketErrorCode: SocketError.ConnectionRefused } => AttemptError.ConnectionRefused,
            SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData } =>
                AttemptError.DnsFailure,
            SocketException { SocketErrorCode: SocketError.TimedOut } => AttemptError.ConnectTimeout,
            _ => AttemptError.ConnectionFailed,
        },
        HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded or HttpRequestError.HttpProtocolError =>
            AttemptError.InvalidResponse,
        // TLS 1.3 lets a client send its request before the receiver has looked at its certificate.
        _ => TlsFailures.IsOfClientCertificate(failed) ? AttemptError.TlsClientCertificate : AttemptError.ConnectionLost,
    };

    public static AttemptError Of(UrlProblem problem) => problem switch
    {
        UrlProblem.Host => AttemptError.InvalidUrl,
        UrlProblem.Address => AttemptError.AddressNotAllowed,
        _ => AttemptError.UrlNotAllowed,
    };
}
