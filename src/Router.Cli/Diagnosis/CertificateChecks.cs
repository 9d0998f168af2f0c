using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;

namespace Router.Cli.Diagnosis;

/// <summary>The certificates that hosts read from files: are they there, can they be read, how long are they valid?</summary>
internal static class CertificateChecks
{
    private const string Subject = "certificates";

    private static readonly TimeSpan Notice = TimeSpan.FromDays(30);

    public static IEnumerable<Finding> Look(IConfiguration configuration)
    {
        // Where it isn't meant to be so, no host starts: that is said of the configuration.
        if (string.IsNullOrEmpty(configuration["Secrets:CertificatePath"])
            && bool.TryParse(configuration["Secrets:WithoutCertificate"], out var isMeant) && isMeant)
        {
            yield return new Finding(Gravity.Warning, Subject,
                "Secrets:CertificatePath is not set: whoever reads the database can read the destinations' secrets.",
                "Make a certificate, and set it for all hosts. docs/operators.md says how, under Secrets.");
        }

        foreach (var (setting, path, password, isServed) in Files(configuration))
            yield return OfFile(setting, path, password, isServed);
    }

    /// <summary>How a certificate with such an end is.</summary>
    public static Finding Until(string whose, DateTimeOffset end, bool isServed)
    {
        var now = TimeProvider.System.GetUtcNow();
        var day = end.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        return end > now + Notice ? new Finding(Gravity.Fine, Subject, $"{whose} is valid until {day}.")
            : end > now ? new Finding(Gravity.Warning, Subject, $"{whose} is valid only until {day}.", "Renew it.")
            : isServed ? new Finding(Gravity.Problem, Subject, $"{whose} has expired on {day}: nobody who checks it connects.",
                "Renew it, and start the hosts again.")
            // What it encrypted can be decrypted all the same.
            : new Finding(Gravity.Warning, Subject, $"{whose} has expired on {day}. The router goes on with it.",
                "Replace it at leisure: docs/operators.md says how, under Secrets.");
    }

    private static IEnumerable<(string Setting, string Path, string? Password, bool IsServed)> Files(IConfiguration configuration)
    {
        foreach (var which in new[] { "Secrets:Certificate", "Secrets:PreviousCertificate" })
        {
            if (configuration[$"{which}Path"] is { Length: > 0 } path)
                yield return ($"{which}Path", path, configuration[$"{which}Password"], false);
        }

        var endpoints = configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(endpoint => $"{endpoint.Path}:Certificate");
        foreach (var served in endpoints.Prepend("Kestrel:Certificates:Default"))
        {
            if (configuration[$"{served}:Path"] is { Length: > 0 } path)
                yield return ($"{served}:Path", path, configuration[$"{served}:Password"], true);
        }
    }

    private static Finding OfFile(string setting, string path, string? password, bool isServed)
    {
        if (!File.Exists(path))
            return new Finding(Gravity.Problem, Subject, $"{setting}: there is no file {path}, or this user may not see it.",
                "Correct the path, or let the hosts' user read it.");
        try
        {
            using var certificate = Read(path, password, isServed);
            return !isServed && !certificate.HasPrivateKey
                ? new Finding(Gravity.Problem, Subject, $"{setting}: {path} holds no private key.", "Put the key into the same file.")
                : Until($"The certificate of {setting}", new DateTimeOffset(certificate.NotAfter), isServed);
        }
        catch (Exception unreadable) when (unreadable is CryptographicException or IOException or UnauthorizedAccessException)
        {
            return new Finding(Gravity.Problem, Subject, $"{setting}: {path} can't be read as a certificate.",
                "It is PEM with its key, or PFX with the right password; and the hosts' user must be allowed to read it.");
        }
    }

    // The key of a served one may be in another file; it is its end that matters here.
    private static X509Certificate2 Read(string path, string? password, bool isServed) =>
        path.EndsWith(".pfx", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".p12", StringComparison.OrdinalIgnoreCase)
            ? X509CertificateLoader.LoadPkcs12FromFile(path, password)
            : isServed ? X509CertificateLoader.LoadCertificateFromFile(path) : X509Certificate2.CreateFromPemFile(path);
}
