using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Core.Destinations;

namespace Router.Hosting;

/// <summary>ASP.NET Core Data Protection with its keys in Postgres: for the destinations' secrets, and for cookies and forms.</summary>
internal static class KeyRing
{
    /// <summary>What the secrets of destinations are encrypted for.</summary>
    public const string Purpose = "destination-secrets";

    private const string NoCertificate =
        "Secrets:CertificatePath is not set: the keys that encrypt the destinations' secrets would be stored in Postgres as they are. "
        + "Make a certificate (docs/operators.md, Secrets: one openssl command) and name it to all hosts. "
        + "To start without one all the same, set Secrets:WithoutCertificate to true.";

    /// <param name="services">Where to register.</param>
    /// <param name="configuration">Section <c>Secrets</c>.</param>
    public static void AddKeyRing(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<SecretsOptions>().Bind(configuration.GetSection("Secrets"))
            .Validate(secrets => secrets.CertificatePath is { Length: > 0 } || secrets.WithoutCertificate || IsDevelopment(configuration),
                NoCertificate).ValidateOnStart();
        // Before Data Protection's own, which reads the ring.
        services.AddHostedService<FirstKey>();
        services.AddProtection(configuration);
        services.AddSingleton<SecretsCheck>();
        services.AddSingleton(provider => new LaterKeys(configuration, provider.GetRequiredService<NpgsqlDataSource>()));
        services.AddSingleton(provider =>
        {
            var protector = provider.GetRequiredService<IDataProtectionProvider>().CreateProtector(Purpose);
            var later = provider.GetRequiredService<LaterKeys>();
            return new SecretProtection(protector.Protect, stored => Unprotect(stored, protector, later));
        });
    }

    /// <summary>Data Protection alone.</summary>
    public static void AddProtection(this IServiceCollection services, IConfiguration configuration)
    {
        var options = configuration.GetSection("Secrets").Get<SecretsOptions>() ?? new SecretsOptions();
        var protection = services.AddDataProtection().SetApplicationName("lead-router");
        if (options.CertificatePath is { Length: > 0 } path)
            protection.ProtectKeysWithCertificate(Certificate(path, options.CertificatePassword));
        if (options.PreviousCertificatePath is { Length: > 0 } previous)
            protection.UnprotectKeysWithAnyCertificate(Certificate(previous, options.PreviousCertificatePassword));

        services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(provider => new ConfigureOptions<KeyManagementOptions>(
            keys => keys.XmlRepository = new PostgresKeys(
                provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<IKeyManager>)));
    }

    private static string Unprotect(string stored, IDataProtector protector, LaterKeys later)
    {
        try
        {
            return protector.Unprotect(stored);
        }
        catch (CryptographicException)
        {
            return later.Look().CreateProtector(Purpose).Unprotect(stored);
        }
    }

    private static bool IsDevelopment(IConfiguration configuration) =>
        string.Equals(configuration[HostDefaults.EnvironmentKey], Environments.Development, StringComparison.OrdinalIgnoreCase);

    private static X509Certificate2 Certificate(string path, string? password)
    {
        if (!File.Exists(path))
            throw new OptionsValidationException("Secrets", typeof(SecretsOptions), [$"Secrets: there is no certificate at {path}."]);

        return path.EndsWith(".pem", StringComparison.OrdinalIgnoreCase)
            ? X509Certificate2.CreateFromPemFile(path)
            : X509CertificateLoader.LoadPkcs12FromFile(path, password);
    }
}
