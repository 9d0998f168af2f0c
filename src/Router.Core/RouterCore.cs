using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Router.Core.Database;
using Router.Core.Deliveries;
using Router.Core.Destinations;
using Router.Core.Duties;
using Router.Core.Leads;
using Router.Core.Retention;
using Router.Core.SetAside;
using Router.Core.Sites;

namespace Router.Core;

/// <summary>Registration.</summary>
public static class RouterCore
{
    /// <summary>
    /// Adds the database, the directories and the delivery stages. Call it before anything that takes work is added: hosted
    /// services start in order and stop in reverse, so the schema is there first and the ledger's writers stop last.
    /// </summary>
    public static IServiceCollection AddRouterCore(this IServiceCollection services, IConfiguration configuration)
    {
        DapperTypes.Register();

        services.AddOptions<DatabaseOptions>().Bind(configuration.GetSection("Database")).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<DeliveryOptions>().Bind(configuration.GetSection("Delivery"))
            .Configure(options => ReadSchedule(options, configuration["Delivery:RetrySchedule"]))
            .ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<NetworkOptions>().Bind(configuration.GetSection("Network")).ValidateDataAnnotations().ValidateOnStart();

        services.AddOptions<RetentionOptions>().Bind(configuration.GetSection("Retention")).ValidateDataAnnotations().ValidateOnStart();

        services.AddSingleton(TimeProvider.System);
        services.AddDatabases();
        services.AddSingleton<DatabaseAvailability>();
        services.AddSingleton<HostDuties>();
        services.AddHostedService<Migrator>();
        services.AddBackground<DutyReports>();
        services.AddBackground<DirectoryChanges>();
        services.AddSingleton<ProductDirectory>();
        services.AddSingleton<DestinationDirectory>();
        services.AddSingleton<DestinationDeactivation>();

        services.AddOptions<OutboxOptions>().Bind(configuration.GetSection("Outbox")).ValidateDataAnnotations().ValidateOnStart();
        services.AddBackground<LeadOutbox>();
        services.AddSingleton<SetAsideMessages>();
        services.AddBackground<DeliveryPlanner>();
        services.AddBackground<RetryClaims>();
        services.AddBackground<AttemptRecorder>();
        services.AddSingleton<NetworkGuard>();
        services.AddSingleton<DestinationSender>();
        services.AddSingleton<DestinationGates>();
        services.AddSingleton<DeliveryCancellation>();
        services.AddSingleton<DestinationPauses>();
        services.AddSingleton<DeliveryHistory>();
        services.AddSingleton<DeliveryReplay>();
        services.AddSingleton<ReplayJobs>();
        services.AddSingleton<DestinationCheck>();
        services.AddSingleton<DestinationHealth>();
        services.AddSingleton<TroubledDestinations>();
        services.AddSingleton<DeadDeliveries>();
        services.AddSingleton<TakenIn>();
        services.AddSingleton<DeliveryRequests>();
        services.AddSingleton<SiteStatement>();
        services.AddSingleton<LedgerRetention>();
        return services;
    }

    private static void AddBackground<T>(this IServiceCollection services)
        where T : BackgroundService
    {
        services.AddSingleton<T>();
        services.AddHostedService(provider => provider.GetRequiredService<T>());
    }

    /// <summary>The schedule as one text, which an environment variable holds more easily than a list.</summary>
    private static void ReadSchedule(DeliveryOptions options, string? text)
    {
        if (text is null)
            return;

        options.RetrySchedule = [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Delay)];
    }

    private static TimeSpan Delay(string text) => TimeSpan.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var delay) ? delay
        : throw new OptionsValidationException("Delivery", typeof(DeliveryOptions), [$"Delivery:RetrySchedule: '{text}' is no time such as 00:00:30."]);
}
