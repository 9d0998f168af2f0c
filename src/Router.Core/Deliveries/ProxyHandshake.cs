using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Router.Core.Deliveries;

/// <summary>
/// HTTP CONNECT (RFC 9110, 9.3.6): asks a proxy for a connection to an address, and reads its answer to the last byte and no further, for
/// what comes behind it is the receiver's.
/// </summary>
internal static class ProxyHandshake
{
    /// <summary>The longest head of an answer, in bytes; real ones have some hundred.</summary>
    private const int MostBytes = 8192;

    /// <summary>The request.</summary>
    /// <param name="receiver">The address to connect to: never a name, which the proxy would look up in its own way.</param>
    /// <param name="authorization">The value of <c>Proxy-Authorization</c>; null for none.</param>
    public static byte[] Request(IPEndPoint receiver, string? authorization)
    {
        var credentials = authorization is null ? "" : $"Proxy-Authorization: {authorization}\r\n";
        return Encoding.ASCII.GetBytes($"CONNECT {receiver} HTTP/1.1\r\nHost: {receiver}\r\n{credentials}\r\n");
    }

    /// <summary>From here on the connection is the receiver's.</summary>
    /// <exception cref="ProxyException">The proxy didn't connect, or isn't one.</exception>
    public static async Task Connect(Socket proxy, byte[] request, CancellationToken cancellationToken)
    {
        try
        {
            for (var sent = 0; sent < request.Length;)
                sent += await proxy.SendAsync(request.AsMemory(sent), cancellationToken);
            await ReadAnswer(proxy, cancellationToken);
        }
        catch (SocketException lost)
        {
            throw new ProxyException(AttemptError.ProxyUnreachable, $"broke the connection off ({lost.SocketErrorCode})");
        }
    }

    private static async Task ReadAnswer(Socket proxy, CancellationToken cancellationToken)
    {
        var buffer = new byte[MostBytes];
        var length = 0;
        while (length < buffer.Length)
        {
            var read = await proxy.ReceiveAsync(buffer.AsMemory(length), cancellationToken);
            if (read is 0)
                break;
            length += read;
            var answer = buffer.AsSpan(0, length);
            if (StatusLine.Read(answer) is not { } status)
                continue;
            if (Failure(status) is { } failure)
                throw failure;
            var end = answer.IndexOf("\r\n\r\n"u8);
            if (end < 0)
                continue;
            // Receivers wait for our first byte: whatever follows is none of theirs.
            if (end + 4 != length)
                throw new ProxyException(AttemptError.ProxyUnreachable, "sent more than an answer");
            return;
        }

        throw new ProxyException(
            AttemptError.ProxyUnreachable,
            length == 0 ? "broke the connection off without an answer" : "answered something that is no answer to CONNECT");
    }

    /// <summary>Null for a success. What a proxy says with 5xx is mostly about the receiver: it can't be reached, or not in time.</summary>
    private static ProxyException? Failure(int status) => status switch
    {
        >= 200 and <= 299 => null,
        // Tinyproxy says 401 where the password is wrong.
        407 or 401 => new ProxyException(
            AttemptError.ProxyAuthentication, $"does not take Proxy:Username and Proxy:Password, or wants some ({status})"),
        >= 500 => new ProxyException(AttemptError.ProxyNoConnection, $"could not connect to the receiver ({status})"),
        _ => new ProxyException(AttemptError.ProxyRefused, $"refused to connect to the receiver ({status})"),
    };
}
