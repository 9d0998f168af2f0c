using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using Router.Core.Deliveries;
using Router.Core.Destinations;
using Router.Core.Leads;

namespace Router.Core.Tests;

/// <summary>
/// Each fault of a receiver's TLS has a word of its own. The wrong host, which needs a trusted certificate, is with NetworkGuardTests.
/// </summary>
public sealed class TlsTests
{
    private const string Host = "localhost";
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    [Theory]
    [InlineData("self-signed", AttemptError.CertificateSelfSigned)]
    [InlineData("expired", AttemptError.CertificateExpired)]
    [InlineData("future", AttemptError.CertificateNotYetValid)]
    [InlineData("without its issuer", AttemptError.CertificateChainIncomplete)]
    public async Task Certificate_ThatIsNotTrusted_SaysWhy(string kind, AttemptError error)
    {
        using var authority = Certificate("authority", Now.AddDays(-9), Now.AddDays(9), isAuthority: true);
        using var own = kind switch
        {
            "self-signed" => Certificate(Host, Now.AddDays(-2), Now.AddDays(2)),
            "expired" => Certificate(Host, Now.AddDays(-4), Now.AddDays(-2)),
            "future" => Certificate(Host, Now.AddDays(2), Now.AddDays(4)),
            _ => Certificate(Host, Now.AddDays(-2), Now.AddDays(2), signedBy: authority),
        };
        using var receiver = new ScriptedReceiver(async (stream, _) =>
        {
            await using var tls = new SslStream(stream);
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateContext =
                SslStreamCertificateContext.Create(own, null, offline: true) });
        });
        Assert.Equal(error, await Send(receiver));
    }

    // Servers of .NET leave a root out of what they send; others don't.
    [Fact]
    public void Certificate_SentWithAnUnknownRoot_SaysSo()
    {
        using var authority = Certificate("authority", Now.AddDays(-9), Now.AddDays(9), isAuthority: true);
        using var own = Certificate(Host, Now.AddDays(-2), Now.AddDays(2), signedBy: authority);
        using var chain = new X509Chain { ChainPolicy =
            { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true, ExtraStore = { authority } } };
        Assert.False(chain.Build(own));
        var refused = Assert.Throws<CertificateRefusedException>(
            () => TlsFailures.Check(own, chain, SslPolicyErrors.RemoteCertificateChainErrors, Now));
        Assert.Equal(AttemptError.CertificateAuthorityUnknown, refused.Error);
    }

    [Theory]
    [InlineData("RSA-1024", AttemptError.CertificateWeak)]
    [InlineData("RSA-2048 by SHA-1", AttemptError.CertificateWeak)]
    [InlineData("RSA-2048 by an RSA-1024 authority", AttemptError.CertificateWeak)]
    [InlineData("RSA-2048", null)]
    [InlineData("RSA-2048 by an authority signed by SHA-1", null)] // A root isn't trusted for its signature.
    public void Certificate_ThatIsTrustedButCanBeForged_IsRefusedUnlessItsHostIsListed(string kind, AttemptError? error)
    {
        using var root = RsaCertificate(
            "authority", kind.EndsWith("RSA-1024 authority", StringComparison.Ordinal) ? 1024 : 2048,
            kind.EndsWith("signed by SHA-1", StringComparison.Ordinal) ? HashAlgorithmName.SHA1 : HashAlgorithmName.SHA256, null);
        using var own = RsaCertificate(
            Host, kind == "RSA-1024" ? 1024 : 2048,
            kind == "RSA-2048 by SHA-1" ? HashAlgorithmName.SHA1 : HashAlgorithmName.SHA256, root);
        using var chain = new X509Chain { ChainPolicy =
        {
            RevocationMode = X509RevocationMode.NoCheck, TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { root },
            // What the system may say about the strength of keys is not what is tested.
            VerificationFlags = X509VerificationFlags.AllFlags,
        } };
        Assert.True(chain.Build(own));
        Assert.Equal(2, chain.ChainElements.Count);

        Assert.True(TlsFailures.Check(own, chain, SslPolicyErrors.None, Now, takesWeak: true));
        if (error is null)
            Assert.True(TlsFailures.Check(own, chain, SslPolicyErrors.None, Now));
        else
            Assert.Equal(error, Assert.Throws<CertificateRefusedException>(
                () => TlsFailures.Check(own, chain, SslPolicyErrors.None, Now)).Error);
    }

    [Theory]
    [InlineData(70, AttemptError.TlsVersion)] // protocol_version
    [InlineData(116, AttemptError.TlsClientCertificate)] // certificate_required
    [InlineData(42, AttemptError.TlsClientCertificate)] // bad_certificate
    [InlineData(48, AttemptError.TlsClientCertificate)] // unknown_ca
    [InlineData(40, AttemptError.TlsFailure)] // handshake_failure
    public async Task Receiver_RefusesTheHandshake_SaysWhy(byte alert, AttemptError error)
    {
        using var receiver = new ScriptedReceiver(async (stream, _) =>
        {
            await stream.ReadExactlyAsync(new byte[5]);
            await stream.WriteAsync((byte[])[21, 3, 1, 0, 2, 2, alert]);
            await stream.CopyToAsync(Stream.Null);
        });
        Assert.Equal(error, await Send(receiver));
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n", AttemptError.TlsNotSpoken)]
    [InlineData("SSH-2.0-x\r\n", AttemptError.TlsNotSpoken)]
    [InlineData("", AttemptError.TlsFailure)]
    public async Task Receiver_SpeaksNoTls_SaysSo(string answer, AttemptError error)
    {
        using var receiver = new ScriptedReceiver(async (stream, _) =>
        {
            await stream.ReadExactlyAsync(new byte[5]);
            await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(answer));
        });
        Assert.Equal(error, await Send(receiver));
    }

    [Fact]
    public async Task Certificate_ThatNamesAnAddressForItsIssuer_IsNotLoadedFrom()
    {
        using var inside = new CountingListener(System.Net.IPAddress.Loopback, 0);
        using var authority = Certificate("authority", Now.AddDays(-9), Now.AddDays(9), isAuthority: true);
        using var own = Certificate(
            Host, Now.AddDays(-2), Now.AddDays(2), signedBy: authority, issuerAt: $"http://127.0.0.1:{inside.Port}/ca.crt");
        using var receiver = new ScriptedReceiver(async (stream, _) =>
        {
            await using var tls = new SslStream(stream);
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateContext =
                SslStreamCertificateContext.Create(own, null, offline: true) });
        });
        Assert.Equal(AttemptError.CertificateChainIncomplete, await Send(receiver));
        Assert.Equal(0, inside.Connections);
    }

    private static async Task<AttemptError?> Send(ScriptedReceiver receiver)
    {
        var options = Options.Create(
            new DeliveryOptions { ConnectTimeout = TimeSpan.FromMinutes(1), RequestTimeout = TimeSpan.FromMinutes(1) });
        using var sender = new DestinationSender(
            options, new NetworkGuard(Options.Create(new NetworkOptions { Allow = Host })), TimeProvider.System,
            new NameLookups(options, TimeProvider.System, _ => [System.Net.IPAddress.Loopback]));
        var destination = new Destination(
            Guid.NewGuid(), DestinationKind.Custom, "d", new Uri($"https://{Host}:{receiver.Port}/"), "",
            new Signing(SignatureScheme.LeadRouter, "secret"));
        var lead = new LeadEvent
        {
            EventId = Guid.NewGuid(), SiteId = Guid.NewGuid(), Action = LeadAction.Created, LeadId = "1", AcceptedAt = Now,
            Product = "p", SourceSystem = "P", Lead = new RawJson("{}"u8.ToArray()),
        };
        return (await sender.Send(destination, lead, OutgoingContent.OfOwn("{}"u8.ToArray()), number: 1)).Answer.Error;
    }

    private static X509Certificate2 RsaCertificate(string name, int bits, HashAlgorithmName hash, X509Certificate2? signedBy)
    {
        using var key = RSA.Create(bits);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(signedBy is null, false, 0, critical: true));
        if (signedBy is null)
        {
            using var root = request.Create(
                request.SubjectName, new WeakSignatures(key, hash), Now.AddDays(-9), Now.AddDays(9), RandomNumberGenerator.GetBytes(8));
            return root.CopyWithPrivateKey(key);
        }

        using var authority = signedBy.GetRSAPrivateKey()!;
        return request.Create(
            signedBy.SubjectName, new WeakSignatures(authority, hash), Now.AddDays(-2), Now.AddDays(2), RandomNumberGenerator.GetBytes(8));
    }

    /// <summary>Signs by whatever hash, as an authority of long ago did.</summary>
    private sealed class WeakSignatures(RSA key, HashAlgorithmName hash) : X509SignatureGenerator
    {
        private readonly X509SignatureGenerator _usual = CreateForRSA(key, RSASignaturePadding.Pkcs1);

        // Of RSA with SHA-1 and with SHA-256, in DER.
        public override byte[] GetSignatureAlgorithmIdentifier(HashAlgorithmName hashAlgorithm) =>
            [
                0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01,
                hash == HashAlgorithmName.SHA1 ? (byte)5 : (byte)11, 5, 0,
            ];

        public override byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm) =>
            key.SignData(data, hash, RSASignaturePadding.Pkcs1);

        protected override PublicKey BuildPublicKey() => _usual.PublicKey;
    }

    private static X509Certificate2 Certificate(
        string name, DateTimeOffset from, DateTimeOffset until, bool isAuthority = false, X509Certificate2? signedBy = null,
        string? issuerAt = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, critical: true));
        if (issuerAt is not null)
            request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension(null, [issuerAt]));
        if (signedBy is null)
            return request.CreateSelfSigned(from, until);
        using var signed = request.Create(signedBy, from, until, RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(key);
    }
}
