using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Router.Hosting;

/// <summary>Bounds what connections cost a host: whoever opens them and sends nothing must not take its file descriptors.</summary>
internal static class Connections
{
    private const int Least = 16;

    public static void AddConnectionLimits(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<HttpOptions>().Bind(configuration.GetSection("Http")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IConnectionListenerFactory, AcceptLimit>();
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<HttpOptions>>((kestrel, http) =>
        {
            kestrel.Limits.MaxConcurrentConnections = Math.Min(http.Value.MaxConnections, Math.Max(Least, Descriptors.Room / 4 * 3));
            kestrel.Limits.MaxConcurrentUpgradedConnections = 0;
            kestrel.Limits.KeepAliveTimeout = http.Value.IdleTimeout;
        });
    }
}
