using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Router.Core.Destinations;

/// <summary>
/// The certificate that requests to a destination present (mTLS), with its key and the certificates between it and its authority. A secret:
/// it is stored encrypted, and never shown again.
/// </summary>
/// <param name="Pem">The certificate first, then those above it, then the key; null when what is stored can't be decrypted.</param>
public sealed record ClientCertificate(string? Pem)
{
    /// <summary>For how long before it expires people are told so.</summary>
    public static readonly TimeSpan Notice = TimeSpan.FromDays(30);

    /// <summary>For connections. Whoever opens it disposes of its certificate.</summary>
    /// <exception cref="CryptographicException">What is stored is none.</exception>
    public SslStreamCertificateContext Open()
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(Pem);
        // Offline: a certificate can name any address to load its issuer from, which no guard would see.
        return SslStreamCertificateContext.Create(X509Certificate2.CreateFromPem(Pem, Pem), chain, offline: true);
    }

    /// <summary>Never the key.</summary>
    public override string ToString() => nameof(ClientCertificate);
}
