using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Router.Core;
using Router.Hosting;
using Router.Hosting.ApiSettings;

namespace Router.Cli.Diagnosis;

/// <summary>
/// Looks at everything that a router needs, with the hosts' own settings and their own checks; nothing is changed. Each part is a class of
/// this folder that answers findings, so a further look (after a restore, say) is one more line of <see cref="Look"/>.
/// </summary>
internal static class Doctor
{
    /// <param name="configuration">The hosts'.</param>
    /// <param name="router">Where the API is; null to leave it out.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<List<Finding>> Look(IConfiguration configuration, Uri? router, CancellationToken cancellationToken)
    {
        var certificates = CertificateChecks.Look(configuration).ToList();
        await using var services = Services(configuration);
        return
        [
            .. ConfigurationChecks.Look(services, configuration),
            .. certificates,
            .. TransportChecks.Look(configuration["Database:ConnectionString"], configuration["RabbitMq:Uri"]),
            .. await new DatabaseChecks(services).Look(cancellationToken),
            .. await new BrokerChecks(services).Look(cancellationToken),
            .. router is null ? [] : await RouterChecks.Look(router, cancellationToken),
        ];
    }

    private static ServiceProvider Services(IConfiguration configuration)
    {
        var services = new ServiceCollection().AddSingleton(configuration).AddLogging();
        // As the hosts do, so that their settings are checked as theirs; nothing of it is started.
        services.AddLogSettings(configuration);
        services.AddConnectionLimits(configuration);
        services.AddApiSettings(configuration);
        services.AddLedger(configuration);
        services.AddIntake(configuration);
        services.AddTelemetrySettings(configuration);
        services.AddBrokerLine(configuration);
        try
        {
            services.AddKeyRing(configuration);
        }
        catch (Exception unreadable) when (unreadable is OptionsValidationException or CryptographicException or IOException
            or UnauthorizedAccessException or InvalidOperationException)
        {
            // That is said of the certificate, or of the setting that has a value of another type; without it no secret can be read.
        }

        DatabaseChecks.LeaveKeysAlone(services);
        return services.BuildServiceProvider();
    }
}
