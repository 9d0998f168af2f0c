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

    /// <summary>
    /// For <see cref="SslClientAuthenticationOptions.RemoteCertificateValidationCallback"/>: as the system judges, but with the reason.
    /// </summary>
    /// <exception cref="CertificateRefusedException">The certificate isn't trusted.</exception>
    public static bool Check(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors, DateTimeOffset now) =>
        errors is SslPolicyErrors.None ? true : throw new CertificateRefusedException(Of(certificate, chain, errors, now));

    private static AttemptError Of(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors, DateTimeOffset now)
    {
        var wrong = chain?.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, status) => all | status.Status)
            ?? X509ChainStatusFlags.NoError;
        if (wrong.HasFlag(X509ChainStatusFlags.NotTimeValid))
            return certificate?.NotBefore.ToUniversalTime() > now ? AttemptError.CertificateNotYetValid : AttemptError.CertificateExpired;
        if (wrong.HasFlag(X509ChainStatusFlags.UntrustedRoot) || wrong.HasFlag(X509ChainStatusFlags.PartialChain))
        {
            if (certificate is not null && certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData))
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
