namespace Router.Hosting;

/// <summary>Section <c>Secrets</c>: what protects the keys that protect the destinations' secrets. The same in all hosts.</summary>
internal sealed class SecretsOptions
{
    /// <summary>
    /// A certificate with its RSA private key, as a PEM file (<c>.pem</c>) or a PFX file. It encrypts the key ring in Postgres, so that a
    /// dump of the database gives no secret. Without one the key ring is stored as it is, and each start warns of that.
    /// </summary>
    public string? CertificatePath { get; set; }

    /// <summary>The password of the PFX file, if it has one.</summary>
    public string? CertificatePassword { get; set; }

    /// <summary>The certificate before this one, for the keys that it encrypted.</summary>
    public string? PreviousCertificatePath { get; set; }

    /// <summary>Its password, if it has one.</summary>
    public string? PreviousCertificatePassword { get; set; }
}
