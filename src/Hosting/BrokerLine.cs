using System.Net.Sockets;
using RabbitMQ.Client;

namespace Router.Hosting;

/// <summary>
/// A TCP connection to RabbitMQ that fails once nothing has come through it for a while. The client's own heartbeats see to that only after both
/// sides have agreed on them: for the first word of a broker that merely accepts the connection it waits forever.
/// </summary>
internal sealed class BrokerLine(AddressFamily family) : TcpClientAdapter(new Socket(family, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true })
{
    // As long as missed heartbeats take; a broker sends two in each interval.
    private static readonly TimeSpan Silence = BrokerOptions.Heartbeat * 3;

    public override NetworkStream GetStream() => new TimedStream(Client);

    private sealed class TimedStream(Socket socket) : NetworkStream(socket)
    {
        // The read timeout of sockets doesn't apply to asynchronous reads.
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            silence.CancelAfter(Silence);
            try
            {
                return await base.ReadAsync(buffer, silence.Token);
            }
            catch (OperationCanceledException silent) when (!cancellationToken.IsCancellationRequested)
            {
                throw new IOException($"Nothing has come from RabbitMQ for {Silence.TotalSeconds} s.", silent);
            }
        }
    }
}
