using System.Net;
using System.Net.Sockets;
using Router.Benchmarks.Measuring;

namespace Router.Benchmarks.Driving;

/// <summary>
/// One connection of the driver with at most one lead in flight. Raw bytes: an HTTP client would cost more than what is measured.
/// </summary>
internal sealed class DriverConnection(Drive drive) : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _request = new byte[4096];
    private readonly byte[] _response = new byte[16384];
    private long _due;

    public Task Connect(int port) => _socket.ConnectAsync(IPAddress.Loopback, port);

    public void Send(LeadTemplate template, int run, long number, long due)
    {
        _due = due;
        var length = template.Write(_request, run, number, due);
        _socket.Send(_request.AsSpan(0, length));
    }

    /// <summary>Takes answers until the connection is closed.</summary>
    public async Task Receive()
    {
        var length = 0;
        while (true)
        {
            var read = await _socket.ReceiveAsync(_response.AsMemory(length));
            if (read == 0)
                return;
            length += read;
            if (!HttpFraming.IsComplete(_response.AsSpan(0, length), out _))
                continue;

            var isAccepted = _response.AsSpan(0, length).StartsWith("HTTP/1.1 201"u8);
            length = 0;
            drive.Answered(this, isAccepted, Clock.Now - _due);
        }
    }

    public void Dispose() => _socket.Dispose();
}
