using System.Net;
using System.Net.Sockets;
using Router.Core.Destinations;

namespace Router.Core.Deliveries;

/// <summary>
/// Makes the connections of outgoing requests, to permitted addresses only. The name is resolved here, once, and what is checked is
/// what is connected to: no second look-up comes in between that could answer otherwise. A pooled connection keeps its address for
/// as long as it lives, so requests that share one need no further check.
/// </summary>
/// <param name="guard">Says which addresses are permitted.</param>
/// <param name="resolve">The addresses of a host name.</param>
internal sealed class GuardedConnection(NetworkGuard guard, Func<string, CancellationToken, Task<IPAddress[]>> resolve)
{
    /// <summary>For <see cref="SocketsHttpHandler.ConnectCallback"/>, whose token ends after the connect timeout.</summary>
    public async ValueTask<Stream> Open(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var host = context.DnsEndPoint.Host;
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await resolve(host, cancellationToken);
        if (addresses.Length is 0)
            throw new SocketException((int)SocketError.HostNotFound);
        var permitted = Array.FindAll(addresses, address => guard.Permits(host, address));
        if (permitted.Length is 0)
            throw new AddressNotAllowedException();

        // As the client would have done itself: IPv6 and IPv4, one address after the other in the resolver's order, no delay.
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(permitted, context.DnsEndPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

/// <summary>
/// The only way to say no from within the client; <see cref="AttemptErrors"/> makes a value of it. Names no address: what a name
/// resolves to inside our networks is nobody's business.
/// </summary>
internal sealed class AddressNotAllowedException() : Exception("No address of the host is permitted.");
