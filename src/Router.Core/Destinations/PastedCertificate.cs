using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Router.Core.Destinations;

/// <summary>A client certificate as somebody pasted it: what may be shown of it, or why it can't be used. Pure.</summary>
public sealed record PastedCertificate
{
    /// <summary>The most characters of the certificates together, and of the key.</summary>
    public const int LongestChain = 65_536, LongestKey = 16_384;

    /// <summary>The most certificates.</summary>
    public const int MostCertificates = 10;

    // Each new connection to the receiver costs a signature; one by a key of 16,384 bits takes a quarter of a second.
    private const int ShortestRsaKey = 2048, LongestRsaKey = 4096;

    /// <summary>The certificate with its key; null when there is a problem.</summary>
    public ClientCertificate? Certificate { get; private init; }

    /// <summary>Whom it names.</summary>
    public string Subject { get; private init; } = "";

    /// <summary>The authority that signed it.</summary>
    public string Issuer { get; private init; } = "";

    /// <summary>When it runs out.</summary>
    public DateTimeOffset ExpiresAt { get; private init; }

    /// <summary>Its fingerprint: SHA-256 as lowercase hex.</summary>
    public string Sha256 { get; private init; } = "";

    /// <summary>What is wrong with the certificates, as a sentence that repeats no key; null when nothing is.</summary>
    public string? ChainProblem { get; private init; }

    /// <summary>What is wrong with the key.</summary>
    public string? KeyProblem { get; private init; }

    /// <summary>Reads and checks it.</summary>
    /// <param name="chain">PEM of the certificate and those above it, in any order. The key may be in it, too.</param>
    /// <param name="key">PEM of its key, not encrypted: PKCS#8, RSA or EC. Empty where it is in the other text.</param>
    /// <param name="now">The time.</param>
    public static PastedCertificate Read(string? chain, string? key, DateTimeOffset now)
    {
        if (chain?.Length > LongestChain)
            return OfChain($"The certificates have {LongestChain} characters at most.");
        if (key?.Length > LongestKey)
            return OfKey($"The private key has {LongestKey} characters at most.");

        var all = new X509Certificate2Collection();
        try
        {
            all.ImportFromPem(chain);
            return all.Count switch
            {
                0 => OfChain("There is no certificate in this: -----BEGIN CERTIFICATE----- is the first line of one."),
                > MostCertificates => OfChain($"These are more than {MostCertificates} certificates."),
                _ => Check(all, string.IsNullOrWhiteSpace(key) ? chain! : key, now),
            };
        }
        catch (CryptographicException)
        {
            return OfChain("A certificate in this can't be read: copy it anew.");
        }
        finally
        {
            foreach (var one in all)
                one.Dispose();
        }
    }

    private static PastedCertificate Check(X509Certificate2Collection all, string keyText, DateTimeOffset now)
    {
        if (keyText.Contains("BEGIN ENCRYPTED PRIVATE KEY", StringComparison.Ordinal)
            || keyText.Contains("4,ENCRYPTED", StringComparison.Ordinal))
            return OfKey("The private key has a passphrase: take that off first. It is encrypted where it is kept.");
        if (!keyText.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
            return OfKey("There is no private key in this: -----BEGIN PRIVATE KEY----- is the first line of one.");

        using var key = ReadKey(keyText);
        if (key is null)
            return OfKey("The private key can't be read: it must be one RSA or EC key.");
        if (key is RSA { KeySize: < ShortestRsaKey })
            return OfKey($"The private key is too short to be safe: an RSA key has {ShortestRsaKey} bits at least.");
        if (key is RSA { KeySize: > LongestRsaKey })
            return OfKey($"The private key is longer than it needs to be: an RSA key has {LongestRsaKey} bits at most.");
        // Whoever pastes a chain may have it in any order.
        var publicKey = key.ExportSubjectPublicKeyInfo();
        var own = all.FirstOrDefault(one => one.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(publicKey));
        if (own is null)
            return OfKey("The private key doesn't belong to the certificate.");
        foreach (var one in all)
        {
            var which = one == own ? "The certificate" : $"The certificate of {Name(one.SubjectName)} in the chain";
            if (Utc(one.NotAfter) <= now)
                return OfChain($"{which} expired on {Date(one.NotAfter)}.");
            if (Utc(one.NotBefore) > now)
                return OfChain($"{which} is not valid before {Date(one.NotBefore)}.");
        }

        string[] pem = [own.ExportCertificatePem(), .. all.Where(one => one != own).Select(one => one.ExportCertificatePem()),
            key.ExportPkcs8PrivateKeyPem()];
        return new PastedCertificate
        {
            Certificate = new ClientCertificate(string.Join('\n', pem)), Subject = Name(own.SubjectName), Issuer = Name(own.IssuerName),
            ExpiresAt = Utc(own.NotAfter), Sha256 = Convert.ToHexStringLower(own.GetCertHash(HashAlgorithmName.SHA256)),
        };
    }

    private static AsymmetricAlgorithm? ReadKey(string pem)
    {
        foreach (var create in (Func<AsymmetricAlgorithm>[])[RSA.Create, ECDsa.Create])
        {
            var key = create();
            try
            {
                key.ImportFromPem(pem);
                return key;
            }
            catch (Exception other) when (other is CryptographicException or ArgumentException)
            {
                // Of the other kind, or none at all.
                key.Dispose();
            }
        }

        return null;
    }

    private static PastedCertificate OfChain(string problem) => new() { ChainProblem = problem };

    private static PastedCertificate OfKey(string problem) => new() { KeyProblem = problem };

    private static string Name(X500DistinguishedName name)
    {
        const int most = 300;
        var text = string.Concat(name.Name.Select(character => char.IsControl(character) ? '?' : character));
        return text.Length <= most ? text : $"{text[..most]}…";
    }

    private static DateTimeOffset Utc(DateTime local) => new(local.ToUniversalTime());

    private static string Date(DateTime local) => local.ToUniversalTime().ToString("d MMMM yyyy", CultureInfo.InvariantCulture);
}
