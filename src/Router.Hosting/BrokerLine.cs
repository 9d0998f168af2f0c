using System.Net.Sockets;
using System.Runtime.CompilerServices;
using RabbitMQ.Client;

namespace Router.Hosting;

/// <summary>
/// A TCP connection to RabbitMQ that fails once nothing has come through it for a while. The client's own heartbeats see to that only after
/// both sides have agreed on them: for the first word of a broker that merely accepts the connection it waits forever.
/// </summary>
internal sealed class BrokerLine : TcpClientAdapter
{
    // The least that RabbitMQ's makers advise. The broker gives a silent line up after two to three of these.
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(5);

    // A broker sends two in each of its intervals. The client itself counts for three to four of them; would both give up at the same
    // moment, it might leave a channel behind that never hears of it.
    private static readonly TimeSpan Silence = Heartbeat * 2;

    private BrokerLine(Socket socket)
        : base(socket) => socket.NoDelay = true;

    /// <summary>A connection of the router's own.</summary>
    public static ConnectionFactory Factory(BrokerNodes nodes, string name)
    {
        // Ours to replace: a new connection has no half-dead channel.
        var factory = new ConnectionFactory
        {
            UserName = nodes.Address.User, Password = nodes.Address.Password, VirtualHost = nodes.Address.VirtualHost,
            ClientProvidedName = name, AutomaticRecoveryEnabled = false,
        };
        Use(factory, nodes);
        return factory;
    }

    /// <summary>For a factory that a library has made: connections that can be ended from outside.</summary>
    public static void Use(ConnectionFactory factory, BrokerNodes nodes, BrokerSockets sockets)
    {
        Use(factory, nodes);
        factory.SocketFactory = family => new BrokerLine(sockets.Open(family));
    }

    /// <summary>Both hosts find a node, and notice a line that broke or fell silent, in the same way, and as soon.</summary>
    private static void Use(ConnectionFactory factory, BrokerNodes nodes)
    {
        factory.EndpointResolverFactory = _ => nodes;
        factory.MaxInboundMessageBodySize = BrokerNodes.LargestMessage;
        factory.RequestedHeartbeat = Heartbeat;
        factory.RequestedConnectionTimeout = Heartbeat;
        factory.SocketFactory = family => new BrokerLine(new Socket(family, SocketType.Stream, ProtocolType.Tcp));
    }

    public override NetworkStream GetStream() => new TimedStream(Client);

    // The read timeout of sockets doesn't apply to asynchronous reads; and a limit made anew for each of them cost a twentieth of the
    // worker's work.
    private sealed class TimedStream : NetworkStream
    {
        private readonly Timer _watch;
        private long _waitsSince = long.MaxValue;
        private volatile bool _hasHeard;

        public TimedStream(Socket socket)
            : base(socket) => _watch = new Timer(static stream => ((TimedStream)stream!).Watch(), this, Silence / 4, Silence / 4);

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Volatile.Write(ref _waitsSince, Environment.TickCount64);
            try
            {
                var count = await base.ReadAsync(buffer, cancellationToken);
                _hasHeard = true;
                return count;
            }
            finally
            {
                Volatile.Write(ref _waitsSince, long.MaxValue);
            }
        }

        // Nobody disposes of the stream: the client closes the socket.
        private void Watch()
        {
            // The first word comes at once, or another node is asked for it.
            var limit = _hasHeard ? Silence : Heartbeat;
            if (Environment.TickCount64 - Volatile.Read(ref _waitsSince) > limit.TotalMilliseconds)
                Socket.Dispose();
            if (Socket.SafeHandle.IsClosed)
                _watch.Dispose();
        }
    }
}
