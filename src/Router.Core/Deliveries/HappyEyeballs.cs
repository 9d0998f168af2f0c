using System.Net;
using System.Net.Sockets;

namespace Router.Core.Deliveries;

/// <summary>
/// Connects to a host by whichever of its addresses answers first (RFC 8305): the next address is tried when one fails, and beside it when
/// it is silent for 250 ms. IPv6 and IPv4 take turns, so that neither a broken family nor a dead server costs the whole connect timeout.
/// </summary>
internal static class HappyEyeballs
{
    /// <summary>The <i>Connection Attempt Delay</i> that RFC 8305 recommends.</summary>
    private static readonly TimeSpan HeadStart = TimeSpan.FromMilliseconds(250);

    /// <summary>The first connection that is made; all others are closed.</summary>
    /// <param name="addresses">In the resolver's order; at least one.</param>
    /// <param name="port">The port.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the whole.</param>
    /// <exception cref="SocketException">No address could be connected to.</exception>
    /// <exception cref="OperationCanceledException">The token was canceled before one was.</exception>
    public static Task<Socket> Connect(
        IReadOnlyList<IPAddress> addresses, int port, TimeProvider time, CancellationToken cancellationToken) =>
        Connect(addresses, (address, token) => ConnectTo(address, port, token), time, cancellationToken);

    /// <summary>The same by another way than a plain connection.</summary>
    /// <param name="addresses">In the resolver's order; at least one.</param>
    /// <param name="connect">Connects to one of them.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the whole.</param>
    /// <exception cref="SocketException">No address could be connected to.</exception>
    /// <exception cref="ProxyException">The proxy didn't connect to any.</exception>
    /// <exception cref="OperationCanceledException">The token was canceled before one was.</exception>
    public static async Task<Socket> Connect(
        IReadOnlyList<IPAddress> addresses, Func<IPAddress, CancellationToken, Task<Socket>> connect, TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (addresses.Count is 1)
            return await connect(addresses[0], cancellationToken);

        using var race = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var waiting = new Queue<IPAddress>(Interleave(addresses));
        var running = new List<Task<Socket>>();
        Exception? failure = null;
        try
        {
            while (waiting.Count > 0 || running.Count > 0)
            {
                if (waiting.TryDequeue(out var address))
                    running.Add(connect(address, race.Token));
                var headStart = Task.Delay(waiting.Count > 0 ? HeadStart : Timeout.InfiniteTimeSpan, time, race.Token);
                if (await Task.WhenAny([.. running, headStart]) is not Task<Socket> ended)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    continue;
                }

                running.Remove(ended);
                try
                {
                    return await ended;
                }
                catch (Exception failed) when (failed is SocketException or ProxyException)
                {
                    failure = MoreTelling(failure, failed);
                }
            }

            throw failure!;
        }
        finally
        {
            await race.CancelAsync();
            foreach (var loser in running)
                _ = Close(loser);
        }
    }

    /// <summary>The families in turns, beginning with the first address's; within a family the order stays.</summary>
    internal static IEnumerable<IPAddress> Interleave(IReadOnlyList<IPAddress> addresses)
    {
        var preferred = addresses.Where(address => address.AddressFamily == addresses[0].AddressFamily).ToList();
        var other = addresses.Where(address => address.AddressFamily != addresses[0].AddressFamily).ToList();
        for (var i = 0; i < Math.Max(preferred.Count, other.Count); i++)
        {
            if (i < preferred.Count)
                yield return preferred[i];
            if (i < other.Count)
                yield return other[i];
        }
    }

    private static async Task<Socket> ConnectTo(IPAddress address, int port, CancellationToken cancellationToken)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.NoDelay = true;
            await socket.ConnectAsync(address, port, cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>That there is no way to IPv6 from here says nothing about the receiver.</summary>
    private static Exception MoreTelling(Exception? before, Exception now) => before is not null && SaysNothing(now) ? before : now;

    private static bool SaysNothing(Exception failed) => failed is SocketException
    {
        SocketErrorCode: SocketError.NetworkUnreachable or SocketError.HostUnreachable or SocketError.AddressFamilyNotSupported
            or SocketError.AddressNotAvailable,
    };

    private static async Task Close(Task<Socket> loser)
    {
        await ((Task)loser).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (loser.IsCompletedSuccessfully)
            (await loser).Dispose();
    }
}
