using System.Net;
using System.Net.Sockets;

namespace Router.Core.Tests;

/// <summary>Takes connections, counts them and hangs up.</summary>
internal sealed class CountingListener : IDisposable
{
    private readonly TcpListener _listener;
    private int _connections;

    public CountingListener(IPAddress address, int port)
    {
        _listener = new TcpListener(address, port);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _ = Accept();
    }

    public int Port { get; }

    public int Connections => Volatile.Read(ref _connections);

    public void Dispose() => _listener.Dispose();

    private async Task Accept()
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync();
                Interlocked.Increment(ref _connections);
            }
        }
        catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
