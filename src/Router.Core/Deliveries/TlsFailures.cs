using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Router.Core.Deliveries;

/// <summary>Why no secure connection could be made, as far as the client and OpenSSL tell. Pure.</summary>
internal static class TlsFailures
{
    // Reasons of OpenSSL's SSL library, numbered as in its sslerr.h; those above 1,000 are alerts that the receiver sent.
    private const int Library = 20 << 23;
    private static readonly HashSet<int> OfVersions = [258, 266, 1070];

    // From bad_certificate to unknown_ca, but for illegal_parameter; access_denied, and certificate_required. As an alert to a client all
    // of them are about its certificate.
    private static readonly HashSet<int> OfClientCertificates = [1042, 1043, 1044, 1045, 1046, 1048, 1049, 1116];

    /// <summary>From what the handshake failed with.</summary>
    public static AttemptError Of(Exception? failure)
    {
        for (var inner = failure; inner is not null; inner = inner.InnerException)
        {
            if (inner is CertificateRefusedException refused)
                return refused.Error;
            if (inner is NotTlsException)
                return AttemptError.TlsNotSpoken;
            if (OfVersions.Contains(inner.HResult - Library))
                return AttemptError.TlsVersion;
        }

        return IsOfClientCertificate(failure) ? AttemptError.TlsClientCertificate : AttemptError.TlsFailure;
    }

    /// <summary>Whether the receiver said that it wants a certificate of its client's, or another one.</summary>
    public static bool IsOfClientCertificate(Exception? failure)
    {
        for (var inner = failure; inner is not null; inner = inner.InnerException)
        {
            if (OfClientCertificates.Contains(inner.HResult - Library))
                return true;
        }

        return false;
    }

    // The signature algorithms that are broken: by MD5, by SHA-1, and RSA, DSA and ECDSA with them.
    private static readonly HashSet<string> Forgeable =
        ["1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5", "1.3.14.3.2.29", "1.2.840.10040.4.3", "1.2.840.10045.4.1"];

    private const int LeastRsaBits = 2048;

    /// <summary>
    /// For <see cref="SslClientAuthenticationOptions.RemoteCertificateValidationCallback"/>: as the system judges, but with the reason.
    /// </summary>
    /// <param name="certificate">The receiver's.</param>
    /// <param name="chain">What leads from it to an authority.</param>
    /// <param name="errors">What the system has against it.</param>
    /// <param name="now">The time.</param>
    /// <param name="takesWeak">Whether an operator has said that it may be weak.</param>
    /// <exception cref="CertificateRefusedException">The certificate isn't trusted.</exception>
    public static bool Check(
        X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors, DateTimeOffset now, bool takesWeak = false) =>
        errors is not SslPolicyErrors.None ? throw new CertificateRefusedException(Of(certificate, chain, errors, now))
        : !takesWeak && IsWeak(certificate, chain) ? throw new CertificateRefusedException(AttemptError.CertificateWeak)
        : true;

    /// <summary>
    /// What the system doesn't look at. Whoever signs a root's certificate is itself, and it is trusted for being there, not for that.
    /// </summary>
    private static bool IsWeak(X509Certificate2? certificate, X509Chain? chain) =>
        (chain?.ChainElements.Select(element => element.Certificate) ?? [certificate!]).Any(one =>
            HasShortKey(one) || !IsSelfIssued(one) && Forgeable.Contains(one.SignatureAlgorithm.Value ?? ""));

    private static bool HasShortKey(X509Certificate2 certificate)
    {
        using var key = certificate.GetRSAPublicKey();
        return key?.KeySize < LeastRsaBits;
    }

    private static bool IsSelfIssued(X509Certificate2 certificate) =>
        certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);

    private static AttemptError Of(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors, DateTimeOffset now)
    {
        var wrong = chain?.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, status) => all | status.Status)
            ?? X509ChainStatusFlags.NoError;
        if (wrong.HasFlag(X509ChainStatusFlags.NotTimeValid))
            return certificate?.NotBefore.ToUniversalTime() > now ? AttemptError.CertificateNotYetValid : AttemptError.CertificateExpired;
        if (wrong.HasFlag(X509ChainStatusFlags.UntrustedRoot) || wrong.HasFlag(X509ChainStatusFlags.PartialChain))
        {
            if (certificate is not null && IsSelfIssued(certificate))
                return AttemptError.CertificateSelfSigned;
            return wrong.HasFlag(X509ChainStatusFlags.PartialChain) ? AttemptError.CertificateChainIncomplete
                : AttemptError.CertificateAuthorityUnknown;
        }

        return errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) ? AttemptError.CertificateWrongHost
            : wrong is X509ChainStatusFlags.NoError ? AttemptError.TlsFailure
            : AttemptError.CertificateInvalid;
    }
}

/// <summary>The only way for a callback to say why; <see cref="TlsFailures"/> makes a value of it.</summary>
internal sealed class CertificateRefusedException(AttemptError error) : Exception("The receiver's certificate is not trusted.")
{
    public AttemptError Error => error;
}
