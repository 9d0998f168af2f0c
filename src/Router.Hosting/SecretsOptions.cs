namespace Router.Hosting;

/// <summary>
/// Section <c>Secrets</c>: the certificate that encrypts the key ring, which encrypts the secrets of destinations.
/// The same in all hosts.
/// </summary>
internal sealed class SecretsOptions
{
    /// <summary>
    /// File of the certificate with its RSA private key, PEM (<c>.pem</c>) or PFX. Required, but for development
    /// (<c>ASPNETCORE_ENVIRONMENT=Development</c>) and where <see cref="WithoutCertificate"/> says otherwise. Default none.
    /// </summary>
    public string? CertificatePath { get; set; }

    /// <summary>The password of the PFX file, if it has one. Default none.</summary>
    public string? CertificatePassword { get; set; }

    /// <summary>File of the certificate before this one, for the keys that it encrypted. Default none.</summary>
    public string? PreviousCertificatePath { get; set; }

    /// <summary>The password of that PFX file, if it has one. Default none.</summary>
    public string? PreviousCertificatePassword { get; set; }

    /// <summary>
    /// Start without a certificate: the key ring is stored in Postgres unencrypted, whoever reads the database can read
    /// the secrets of destinations, and each start warns of that. Default false.
    /// </summary>
    public bool WithoutCertificate { get; set; }
}
