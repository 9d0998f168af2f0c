using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Router.Testing;

/// <summary>A network between somebody and a server, which can be cut: noticed at once by both ends, or by neither.</summary>
public sealed class TcpProxy : IAsyncDisposable
{
    private enum Network
    {
        Whole,
        Cut,
        Silent,
    }

    private readonly TcpListener _listener;
    private readonly ConcurrentDictionary<Link, bool> _links = new();
    private readonly Uri _server;
    private readonly Task _accepting;
    private volatile Network _network = Network.Whole;
    private int _accepted;

    /// <param name="server">What is behind it.</param>
    /// <param name="port">Where it is on this machine; 0 for any.</param>
    public TcpProxy(Uri server, int port = 0)
    {
        _server = server;
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        _accepting = Accept();
    }

    /// <summary>The server's URL by way of this network.</summary>
    public string Url(string server) => new UriBuilder(server) { Port = ((IPEndPoint)_listener.LocalEndpoint).Port }.Uri.AbsoluteUri;

    /// <summary>How many connections there have been.</summary>
    public int Accepted => _accepted;

    /// <summary>Connections end, new ones are refused.</summary>
    public void Cut()
    {
        _network = Network.Cut;
        foreach (var link in _links.Keys)
            link.Reset();
    }

    /// <summary>Connections stay and nothing comes through them any more, also not later; new ones are the same.</summary>
    public void Silence()
    {
        _network = Network.Silent;
        foreach (var link in _links.Keys)
            link.IsDead = true;
    }

    /// <summary>What clients say arrives, and they hear no answer to it, until the connections are <see cref="Cut"/>.</summary>
    public void Deafen()
    {
        foreach (var link in _links.Keys)
            link.IsDeaf = true;
    }

    /// <summary>New connections work. One that went silent stays so: its ends must notice by themselves.</summary>
    public void Fix() => _network = Network.Whole;

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting;
        foreach (var link in _links.Keys)
            link.Reset();
        _listener.Dispose();
    }

    private async Task Accept()
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptSocketAsync();
            }
            // Which one depends on how far it was when it was stopped.
            catch (Exception stopped) when (stopped is SocketException or InvalidOperationException)
            {
                return;
            }

            _accepted++;
            _ = Serve(client);
        }
    }

    private async Task Serve(Socket client)
    {
        var link = new Link(client, new Socket(SocketType.Stream, ProtocolType.Tcp)) { IsDead = _network is Network.Silent };
        _links[link] = true;
        try
        {
            if (!link.IsDead)
                await link.Server.ConnectAsync(_server.Host, _server.Port);
            // It may have been cut meanwhile.
            if (_network is Network.Cut)
                return;
            await Task.WhenAny(Pump(link, client, link.Server, () => link.IsDead), link.IsDead ? link.Ended
                : Pump(link, link.Server, client, () => link.IsDead || link.IsDeaf));
        }
        catch (Exception lost) when (lost is SocketException or ObjectDisposedException)
        {
            // The server is away.
        }
        finally
        {
            _links.TryRemove(link, out _);
            link.Reset();
        }
    }

    private static async Task Pump(Link link, Socket from, Socket to, Func<bool> isLost)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var count)
            {
                for (var sent = 0; sent < count && !isLost();)
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent));
            }
        }
        catch (Exception lost) when (lost is SocketException or ObjectDisposedException)
        {
            // One end has gone.
        }

        // On a silent line the other end doesn't hear of it.
        if (link.IsDead)
            await link.Ended;
    }

    private sealed class Link(Socket client, Socket server)
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public volatile bool IsDead;

        public volatile bool IsDeaf;

        public Socket Server => server;

        public Task Ended => _ended.Task;

        /// <summary>Closes both ends at once, without good-bye.</summary>
        public void Reset()
        {
            if (!_ended.TrySetResult())
                return;
            foreach (var socket in new[] { client, server })
            {
                socket.LingerState = new LingerOption(enable: true, 0);
                socket.Dispose();
            }
        }
    }
}
