using System.Security.Cryptography;
using Router.Core.Destinations;

namespace Router.Core.Deliveries;

/// <summary>
/// Connections that present a client certificate: each destination has its own and shares them with no other. When its certificate is
/// changed, new requests get new connections; the old ones are closed as their last request ends.
/// </summary>
/// <param name="create">Makes connections that present a certificate.</param>
internal sealed class CertifiedConnections(Func<ClientCertificate, OutgoingConnections> create) : IDisposable
{
    private readonly Dictionary<Guid, Held> _current = [];

    /// <summary>Those of a destination, for one request: dispose of them after it.</summary>
    /// <exception cref="CryptographicException">Its certificate is none.</exception>
    public Held Take(Guid destination, ClientCertificate certificate)
    {
        Held? replaced = null;
        try
        {
            lock (_current)
            {
                if (!_current.TryGetValue(destination, out var held) || held.Certificate != certificate)
                {
                    var made = new Held(this, certificate, create(certificate));
                    (replaced, held) = (held, made);
                    _current[destination] = held;
                }

                held.Users++;
                return held;
            }
        }
        finally
        {
            replaced?.Dispose();
        }
    }

    public void Dispose()
    {
        foreach (var held in _current.Values)
            held.Connections.Dispose();
    }

    /// <summary>Connections with a certificate, and how many use them. To be the current ones counts as a use.</summary>
    internal sealed class Held(CertifiedConnections owner, ClientCertificate certificate, OutgoingConnections connections) : IDisposable
    {
        public ClientCertificate Certificate => certificate;

        public OutgoingConnections Connections => connections;

        public int Users { get; set; } = 1;

        /// <summary>Ends one use.</summary>
        public void Dispose()
        {
            bool isLast;
            lock (owner._current)
                isLast = --Users == 0;
            if (isLast)
                connections.Dispose();
        }
    }
}
