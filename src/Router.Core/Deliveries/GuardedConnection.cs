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
/// <param name="lookups">Look up the names of hosts.</param>
/// <param name="proxy">Makes some or all of the connections, to the addresses that were checked; null for none.</param>
/// <param name="time">The clock.</param>
internal sealed class GuardedConnection(NetworkGuard guard, NameLookups lookups, OutgoingProxy? proxy, TimeProvider time)
{
    /// <summary>For <see cref="SocketsHttpHandler.ConnectCallback"/>, whose token ends after the connect timeout.</summary>
    public async ValueTask<Stream> Open(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var host = context.DnsEndPoint.Host;
        var isAddress = IPAddress.TryParse(host, out var literal);
        var enteredBy = ((OutgoingRequest)context.InitialRequestMessage).EnteredBy;
        var addresses = isAddress ? [literal!] : await lookups.Find(host, enteredBy, cancellationToken);
        if (addresses.Length is 0)
            throw new SocketException((int)SocketError.HostNotFound);
        var permitted = Array.FindAll(addresses, address => guard.Permits(host, address, context.DnsEndPoint.Port));
        // As if the name were unknown: by the difference an owner could find out which names there are in here.
        if (permitted.Length is 0)
            throw isAddress ? new AddressNotAllowedException() : new SocketException((int)SocketError.HostNotFound);

        var url = context.InitialRequestMessage.RequestUri!;
        var socket = proxy?.Carries(url) is true
            ? await proxy.Connect(permitted, url.Port, cancellationToken)
            : await HappyEyeballs.Connect(permitted, context.DnsEndPoint.Port, time, cancellationToken);
        return url.Scheme is "https" ? new TlsTransport(socket)
            : new NetworkStream(socket, ownsSocket: true);
    }
}

/// <summary>
/// The only way to say no from within the client; <see cref="AttemptErrors"/> makes a value of it.
/// </summary>
internal sealed class AddressNotAllowedException() : Exception("The address is not permitted.");
