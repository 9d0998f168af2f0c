using Router.Api.Changes;
using Router.Core.Destinations;

namespace Router.Api.Management;

/// <summary>A destination's client certificate as its row has it: encrypted, and what may be shown of it; all null for nothing.</summary>
internal sealed record StoredCertificate(
    string? ClientCertificate, string? CertificateSubject, string? CertificateIssuer, DateTimeOffset? CertificateExpiresAt,
    string? CertificateSha256)
{
    public const string Columns =
        "client_certificate, certificate_subject, certificate_issuer, certificate_expires_at, certificate_sha256";

    public static readonly StoredCertificate None = new(null, null, null, null, null);

    /// <summary>Changed as is asked for. Refused when it can't be used.</summary>
    public Change<StoredCertificate> With(ClientCertificateFields? change, SecretProtection secrets, DateTimeOffset now)
    {
        if (change is null)
            return this;
        if (change.IsNone)
            return None;

        var pasted = PastedCertificate.Read(change.Chain, change.PrivateKey, now);
        if (pasted.Certificate is { Pem: { } pem })
            return new StoredCertificate(secrets.Protect(pem), pasted.Subject, pasted.Issuer, pasted.ExpiresAt, pasted.Sha256);

        var problems = new FieldProblems();
        if (pasted.ChainProblem is { } chain)
            problems.Add("client_certificate.chain", chain);
        if (pasted.KeyProblem is { } key)
            problems.Add("client_certificate.private_key", key);
        return Refusal.Invalid(problems);
    }
}
