using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace Router.Hosting;

/// <summary>Bounds what connections cost a host: whoever opens them and sends nothing must not take its file descriptors.</summary>
internal static class Connections
{
    private const int Least = 16;

    // What nobody reads yet stays with whoever sends it. HTTP/2 has at least 64 KiB for each stream.
    private const int MostUnread = 64 * 1024;

    // Whoever is slower than any line is cut off: a request that never ends would hold all that it has.
    private static readonly MinDataRate SlowestSender = new(bytesPerSecond: 16 * 1024, gracePeriod: TimeSpan.FromSeconds(10));

    // A phone far from everything reads so much.
    private static readonly MinDataRate SlowestReader = new(bytesPerSecond: 8 * 1024, gracePeriod: TimeSpan.FromSeconds(10));

    public static void AddConnectionLimits(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<HttpOptions>().Bind(configuration.GetSection("Http")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IConnectionListenerFactory, AcceptLimit>();
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<HttpOptions>>((kestrel, http) =>
        {
            kestrel.Limits.MaxConcurrentConnections = Math.Min(http.Value.MaxConnections, Math.Max(Least, Descriptors.Room / 4 * 3));
            kestrel.Limits.MaxConcurrentUpgradedConnections = 0;
            kestrel.Limits.KeepAliveTimeout = http.Value.IdleTimeout;
            kestrel.Limits.MinRequestBodyDataRate = SlowestSender;
            kestrel.Limits.MinResponseDataRate = SlowestReader;
            kestrel.Limits.MaxRequestBufferSize = MostUnread;
            kestrel.Limits.Http2.InitialStreamWindowSize = MostUnread;
            kestrel.Limits.Http2.InitialConnectionWindowSize = 2 * MostUnread;
        });
        services.Configure<SocketTransportOptions>(sockets => sockets.MaxReadBufferSize = MostUnread);
    }
}
