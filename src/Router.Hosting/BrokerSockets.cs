using System.Net.Sockets;

namespace Router.Hosting;

/// <summary>
/// The sockets of a library that connects by itself. After <see cref="End"/> none is left and no new one is made, so that a bus that was
/// replaced can't come back beside its successor.
/// </summary>
internal sealed class BrokerSockets
{
    private readonly Lock _lock = new();
    private readonly List<Socket> _open = [];
    private bool _ended;

    /// <exception cref="SocketException">They have ended.</exception>
    public Socket Open(AddressFamily family)
    {
        lock (_lock)
        {
            if (_ended)
                throw new SocketException((int)SocketError.Shutdown);
            _open.RemoveAll(socket => socket.SafeHandle.IsClosed);
            var socket = new Socket(family, SocketType.Stream, ProtocolType.Tcp);
            _open.Add(socket);
            return socket;
        }
    }

    public void End()
    {
        lock (_lock)
        {
            _ended = true;
            _open.ForEach(socket => socket.Dispose());
            _open.Clear();
        }
    }
}
