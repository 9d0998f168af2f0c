using System.Net;
using System.Net.Sockets;

namespace Router.Core.Tests;

/// <summary>Hands each connection, with its number from 1 on, to a script.</summary>
internal sealed class ScriptedReceiver : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private int _connections;

    public ScriptedReceiver(Func<NetworkStream, int, Task> script)
    {
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _ = Accept(script);
    }

    public int Port { get; }

    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Reads one request; its first line and headers, or null when the other side has hung up.</summary>
    public static async Task<string?> ReadRequest(Stream stream)
    {
        var buffer = new byte[65536];
        var length = 0;
        int read;
        // All bodies of these tests are {}.
        while (!buffer.AsSpan(0, length).EndsWith("\r\n\r\n{}"u8))
        {
            if ((read = await stream.ReadAsync(buffer.AsMemory(length))) is 0)
                return null;
            length += read;
        }

        return System.Text.Encoding.Latin1.GetString(buffer, 0, length);
    }

    public void Dispose() => _listener.Dispose();

    private async Task Accept(Func<NetworkStream, int, Task> script)
    {
        try
        {
            while (true)
                _ = Play(await _listener.AcceptTcpClientAsync(), script, Interlocked.Increment(ref _connections));
        }
        catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private static async Task Play(TcpClient client, Func<NetworkStream, int, Task> script, int number)
    {
        using (client)
        {
            try
            {
                await script(client.GetStream(), number);
            }
            catch (Exception broken) when (
                broken is IOException or ObjectDisposedException or System.Security.Authentication.AuthenticationException)
            {
                // The sender has hung up.
            }
        }
    }
}
