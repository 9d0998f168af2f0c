using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Router.Testing;

/// <summary>Certificates of a test's own authority.</summary>
public static class Certificates
{
    public static X509Certificate2 Authority(string name) => Make(name, isAuthority: true);

    /// <summary>One with its key.</summary>
    /// <param name="name">Whom it is for.</param>
    /// <param name="authority">Who signs it; itself without.</param>
    /// <param name="isAuthority">Whether it may sign others.</param>
    /// <param name="from">Its first day, from now on.</param>
    /// <param name="days">Its last day.</param>
    public static X509Certificate2 Make(
        string name, X509Certificate2? authority = null, bool isAuthority = false, double from = -2, double days = 300)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(name, out var address))
            names.AddIpAddress(address);
        else
            names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        if (authority is null)
            return request.CreateSelfSigned(now.AddDays(Math.Min(from, -3)), now.AddDays(Math.Max(days, 400)));

        using var signed = request.Create(authority, now.AddDays(from), now.AddDays(days), RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(key);
    }

    /// <summary>Its key as PKCS#8.</summary>
    public static string Key(X509Certificate2 certificate)
    {
        using var key = certificate.GetECDsaPrivateKey()!;
        return key.ExportPkcs8PrivateKeyPem();
    }
}
