using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace Router.Hosting;

/// <summary>
/// Takes no more connections off the operating system's list than there are file descriptors for. Kestrel's own limit closes what is above
/// it, but only after it was taken: when hundreds come at once and the processor is busy, those that wait to be closed would use up the
/// descriptors.
/// </summary>
internal sealed class AcceptLimit(IOptions<SocketTransportOptions> options, ILoggerFactory loggers)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private const int Least = 24;

    private readonly SocketTransportFactory _sockets = new(options, loggers);

    public bool CanBind(EndPoint endpoint) => _sockets.CanBind(endpoint);

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new Listener(await _sockets.BindAsync(endpoint, cancellationToken), Math.Max(Least, Descriptors.Room));

    private sealed class Listener(IConnectionListener sockets, int most) : IConnectionListener
    {
        private readonly SemaphoreSlim _places = new(most);
        private readonly CancellationTokenSource _unbound = new();

        public EndPoint EndPoint => sockets.EndPoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            try
            {
                await _places.WaitAsync(_unbound.Token);
            }
            catch (OperationCanceledException)
            {
                // No more are taken.
                return null;
            }

            var connection = await sockets.AcceptAsync(cancellationToken);
            if (connection is null)
                _places.Release();
            else
                connection.ConnectionClosed.UnsafeRegister(static places => ((SemaphoreSlim)places!).Release(), _places);
            return connection;
        }

        public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            await _unbound.CancelAsync();
            await sockets.UnbindAsync(cancellationToken);
        }

        public async ValueTask DisposeAsync()
        {
            await sockets.DisposeAsync();
            _unbound.Dispose();
        }
    }
}
