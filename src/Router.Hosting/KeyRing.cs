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
    /// <param name="services">Where to register.</param>
    /// <param name="configuration">Section <c>Secrets</c>.</param>
    public static void AddKeyRing(this IServiceCollection services, IConfiguration configuration)
    {
        var options = configuration.GetSection("Secrets").Get<SecretsOptions>() ?? new SecretsOptions();
        // Before Data Protection's own, which reads the ring.
        services.AddHostedService<FirstKey>();
        var protection = services.AddDataProtection().SetApplicationName("lead-router");
        if (options.CertificatePath is { Length: > 0 } path)
            protection.ProtectKeysWithCertificate(Certificate(path, options.CertificatePassword));
        if (options.PreviousCertificatePath is { Length: > 0 } previous)
            protection.UnprotectKeysWithAnyCertificate(Certificate(previous, options.PreviousCertificatePassword));

        services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(provider => new ConfigureOptions<KeyManagementOptions>(
            keys => keys.XmlRepository = new PostgresKeys(
                provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<IKeyManager>)));
        services.AddSingleton<SecretsCheck>();
        services.AddSingleton(provider =>
        {
            var protector = provider.GetRequiredService<IDataProtectionProvider>().CreateProtector("destination-secrets");
            return new SecretProtection(protector.Protect, protector.Unprotect);
        });
    }

    private static X509Certificate2 Certificate(string path, string? password)
    {
        if (!File.Exists(path))
            throw new OptionsValidationException("Secrets", typeof(SecretsOptions), [$"Secrets: there is no certificate at {path}."]);

        return path.EndsWith(".pem", StringComparison.OrdinalIgnoreCase)
            ? X509Certificate2.CreateFromPemFile(path)
            : X509CertificateLoader.LoadPkcs12FromFile(path, password);
    }
}
