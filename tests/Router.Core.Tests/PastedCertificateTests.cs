using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Router.Core.Destinations;

namespace Router.Core.Tests;

/// <summary>What people paste as a client certificate.</summary>
public sealed class PastedCertificateTests
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    public static TheoryData<string> Keys => ["RSA as PKCS#8", "RSA", "EC as PKCS#8", "EC", "EC with its parameters"];

    [Theory]
    [MemberData(nameof(Keys))]
    public void Certificate_WithItsKey_IsTaken(string kind)
    {
        using AsymmetricAlgorithm key = kind.StartsWith("RSA", StringComparison.Ordinal) ? RSA.Create(2048)
            : ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var text = kind switch
        {
            "RSA" => ((RSA)key).ExportRSAPrivateKeyPem(),
            "EC" => ((ECDsa)key).ExportECPrivateKeyPem(),
            // As OpenSSL writes it.
            "EC with its parameters" => "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
                + ((ECDsa)key).ExportECPrivateKeyPem(),
            _ => key.ExportPkcs8PrivateKeyPem(),
        };
        using var own = Certificate("client", key);
        var pasted = PastedCertificate.Read($"Bag Attributes\n  friendlyName: x\n{own.ExportCertificatePem()}", text, Now);
        Assert.Equal((null, null), (pasted.ChainProblem, pasted.KeyProblem));
        Assert.Equal(("CN=client", "CN=client"), (pasted.Subject, pasted.Issuer));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(own.RawData)), pasted.Sha256);
        Assert.Equal(own.NotAfter.ToUniversalTime(), pasted.ExpiresAt.UtcDateTime);
        var opened = pasted.Certificate!.Open().TargetCertificate;
        Assert.True(opened.HasPrivateKey);
        Assert.Equal(own.Thumbprint, opened.Thumbprint);
        Assert.DoesNotContain("BEGIN", $"{pasted.Certificate} {pasted}", StringComparison.Ordinal);
    }

    [Fact]
    public void Certificate_InAnyOrderOfItsChainAndWithTheKeyInOneText_IsFoundByItsKey()
    {
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var authority = Certificate("authority", authorityKey, isAuthority: true);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var own = Certificate("client", key, authority);
        var pasted = PastedCertificate.Read(
            $"{authority.ExportCertificatePem()}\r\n{own.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}", "", Now);
        Assert.Equal(("CN=client", "CN=authority"), (pasted.Subject, pasted.Issuer));
        Assert.Equal(own.Thumbprint, pasted.Certificate!.Open().TargetCertificate.Thumbprint);
    }

    [Fact]
    public void Certificate_ThatCannotBeUsed_SaysWhyAtItsField()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var weak = RSA.Create(1024);
        using var good = Certificate("client", key);
        using var old = Certificate("client", key, from: -20, days: -1);
        using var future = Certificate("client", key, from: 1);
        using var short1 = Certificate("client", weak);
        using var endless = RSA.Create(4096 + 64);
        using var long1 = Certificate("client", endless);
        var (chain, pem) = (good.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
        var encrypted = key.ExportEncryptedPkcs8PrivateKeyPem(
            "pass", new PbeParameters(PbeEncryptionAlgorithm.Aes128Cbc, HashAlgorithmName.SHA256, 1000));
        foreach (var (certificates, keyText, ofChain, ofKey) in new (string, string, string?, string?)[]
        {
            ("", "", "no certificate in this", null),
            ("nothing", pem, "no certificate in this", null),
            (chain.Replace("MII", "!!!", StringComparison.Ordinal), pem, "no certificate in this", null),
            (string.Join('\n', chain.Split('\n').Where((_, line) => line != 3)), pem, "can't be read", null),
            (pem, pem, "no certificate in this", null),
            (new string('x', PastedCertificate.LongestChain + 1), pem, "65536 characters at most", null),
            (string.Concat(Enumerable.Repeat(chain + "\n", PastedCertificate.MostCertificates + 1)), pem, "more than 10", null),
            (old.ExportCertificatePem(), pem, "The certificate expired on", null),
            (future.ExportCertificatePem(), pem, "not valid before", null),
            ($"{chain}\n{old.ExportCertificatePem()}", pem, "in the chain expired on", null),
            (chain, "", null, "no private key in this"),
            (chain, chain, null, "no private key in this"),
            (chain, encrypted, null, "has a passphrase"),
            (chain, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", null, "can't be read"),
            (chain, other.ExportPkcs8PrivateKeyPem(), null, "doesn't belong to the certificate"),
            (short1.ExportCertificatePem(), weak.ExportPkcs8PrivateKeyPem(), null, "2048 bits"),
            (long1.ExportCertificatePem(), endless.ExportPkcs8PrivateKeyPem(), null, "4096 bits"),
            (chain, new string('x', PastedCertificate.LongestKey + 1), null, "16384 characters at most"),
        })
        {
            var pasted = PastedCertificate.Read(certificates, keyText, Now);
            Assert.Null(pasted.Certificate);
            Assert.Contains(ofChain ?? "", pasted.ChainProblem ?? "", StringComparison.Ordinal);
            Assert.Contains(ofKey ?? "", pasted.KeyProblem ?? "", StringComparison.Ordinal);
            Assert.Equal((ofChain is null, ofKey is null), (pasted.ChainProblem is null, pasted.KeyProblem is null));
        }
    }

    private static X509Certificate2 Certificate(
        string name, AsymmetricAlgorithm key, X509Certificate2? signedBy = null, bool isAuthority = false, double from = -10,
        double days = 10)
    {
        var request = key is RSA rsa
            ? new CertificateRequest($"CN={name}", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest($"CN={name}", (ECDsa)key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, critical: true));
        return signedBy is null ? request.CreateSelfSigned(Now.AddDays(from), Now.AddDays(days))
            : request.Create(signedBy, Now.AddDays(from), Now.AddDays(days), RandomNumberGenerator.GetBytes(8));
    }
}
