using System.Net.Sockets;

namespace Router.Core.Deliveries;

/// <summary>Why a request got no answer, from what the client throws. Pure.</summary>
internal static class AttemptErrors
{
    public static AttemptError Of(HttpRequestException failed) => failed.HttpRequestError switch
    {
        HttpRequestError.NameResolutionError => AttemptError.DnsFailure,
        HttpRequestError.SecureConnectionError => AttemptError.TlsFailure,
        HttpRequestError.ConnectionError => failed.InnerException switch
        {
            SocketException { SocketErrorCode: SocketError.ConnectionRefused } => AttemptError.ConnectionRefused,
            SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData } => AttemptError.DnsFailure,
            SocketException { SocketErrorCode: SocketError.TimedOut } => AttemptError.ConnectTimeout,
            _ => AttemptError.ConnectionFailed,
        },
        HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded or HttpRequestError.HttpProtocolError => AttemptError.InvalidResponse,
        _ => AttemptError.ConnectionLost,
    };
}
