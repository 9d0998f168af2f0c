using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Router.Core.Destinations;

namespace Router.Core.Deliveries;

/// <summary>The client of all deliveries: what it never does and what bounds it.</summary>
internal static class OutgoingHttp
{
    // Names of hosts alone are listed for weak certificates: any port that names hold.
    private const int HttpsPort = 443;

    /// <summary>An invoker, not a client: half the cost of a request, and none of its own timeout, buffering and logging.</summary>
    /// <param name="options">Its bounds.</param>
    /// <param name="connection">Makes its connections.</param>
    /// <param name="keepsConnections">Whether connections are used again; otherwise each request gets a new one.</param>
    /// <param name="time">The clock.</param>
    /// <param name="certificate">What they present when a receiver asks for it; null for nothing.</param>
    public static HttpMessageInvoker Create(
        DeliveryOptions options, GuardedConnection connection, bool keepsConnections, TimeProvider time,
        SslStreamCertificateContext? certificate) => new(new SocketsHttpHandler
    {
        ConnectCallback = connection.Open,
        PlaintextStreamFilter = (context, _) => ValueTask.FromResult<Stream>(new TappedStream(context.PlaintextStream)),
        SslOptions = Tls(time, certificate, new HostPatterns(options.WeakCertificates)),
        AllowAutoRedirect = false,
        UseCookies = false,
        // The client would ask it for the host's name, and the connection's callback see the proxy. OutgoingProxy gets what was checked.
        UseProxy = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        ConnectTimeout = options.ConnectTimeout,
        // KiB. Of longer ones only the status counts.
        MaxResponseHeadersLength = 32,
        ResponseDrainTimeout = TimeSpan.Zero,
        // A moved DNS name is noticed within this time.
        PooledConnectionLifetime = keepsConnections ? TimeSpan.FromMinutes(2) : TimeSpan.Zero,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
    });

    private static SslClientAuthenticationOptions Tls(
        TimeProvider time, SslStreamCertificateContext? certificate, HostPatterns weak) => new()
    {
        ClientCertificateContext = certificate,
        RemoteCertificateValidationCallback = (tls, certificate, chain, errors) => TlsFailures.Check(
            certificate as X509Certificate2, chain, errors, time.GetUtcNow(),
            takesWeak: tls is SslStream stream && weak.Holds(stream.TargetHostName.TrimEnd('.'), HttpsPort)),
        CertificateChainPolicy = new X509ChainPolicy
        {
            // Of the servers' purpose.
            ApplicationPolicy = { new Oid("1.3.6.1.5.5.7.3.1") },
            RevocationMode = X509RevocationMode.NoCheck,
            // A certificate can name any address to load its issuer from: a request that no guard would see.
            DisableCertificateDownloads = true,
        },
    };
}
