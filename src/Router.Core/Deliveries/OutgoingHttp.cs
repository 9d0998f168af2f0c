using System.Net;

namespace Router.Core.Deliveries;

/// <summary>The client of all deliveries: what it never does and what bounds it.</summary>
internal static class OutgoingHttp
{
    /// <summary>An invoker, not a client: half the cost of a request, and none of its own timeout, buffering and logging.</summary>
    public static HttpMessageInvoker Create(DeliveryOptions options, GuardedConnection connection) => new(new SocketsHttpHandler
    {
        ConnectCallback = connection.Open,
        AllowAutoRedirect = false,
        UseCookies = false,
        // With a proxy, what is connected to, and so what is checked, would be the proxy.
        UseProxy = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        ConnectTimeout = options.ConnectTimeout,
        // KiB.
        MaxResponseHeadersLength = 32,
        ResponseDrainTimeout = TimeSpan.Zero,
        // A moved DNS name is noticed within this time.
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
    });
}
