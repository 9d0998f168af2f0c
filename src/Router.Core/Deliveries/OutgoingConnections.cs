using System.Net.Security;

namespace Router.Core.Deliveries;

/// <summary>The connections of outgoing requests: those that are used again, and new ones for each request.</summary>
/// <param name="options">Their bounds.</param>
/// <param name="connection">Makes them.</param>
/// <param name="time">The clock.</param>
/// <param name="certificate">What they present when a receiver asks for it; null for nothing.</param>
internal sealed class OutgoingConnections(
    DeliveryOptions options, GuardedConnection connection, TimeProvider time, SslStreamCertificateContext? certificate = null) : IDisposable
{
    public HttpMessageInvoker Kept { get; } = OutgoingHttp.Create(options, connection, keepsConnections: true, time, certificate);

    public HttpMessageInvoker New { get; } = OutgoingHttp.Create(options, connection, keepsConnections: false, time, certificate);

    public void Dispose()
    {
        Kept.Dispose();
        New.Dispose();
        certificate?.TargetCertificate.Dispose();
    }
}
