using Microsoft.Extensions.Options;
using Router.Core.Deliveries;

namespace Router.Worker;

internal static class RoutingHosting
{
    /// <summary>What brings a message from the queue to the outcome of its deliveries.</summary>
    public static void AddLeadRouting(this IServiceCollection services)
    {
        services.AddSingleton<DeadLetters>();
        services.AddSingleton<Turns>();
        services.AddSingleton<LeadRouting>();
        services.AddSingleton<DeliveryAttempts>();
        services.AddSingleton<SlowAttempts>();
        services.AddHostedService(provider => provider.GetRequiredService<SlowAttempts>());
        services.AddSingleton<ReadableSecrets>();
        // Before the bus: what it takes finds its day.
        services.AddHostedService<RetentionKeeper>();

        // On SIGTERM: no more messages are taken, requests in flight may finish and are recorded, then the process ends.
        services.AddOptions<HostOptions>().Configure<IOptions<DeliveryOptions>>((host, delivery) =>
            host.ShutdownTimeout = delivery.Value.RequestTimeout + TimeSpan.FromSeconds(10));
    }

    /// <summary>Last, so that it stops first: a stopping worker claims nothing more.</summary>
    public static void AddDueDeliveries(this IServiceCollection services) =>
        services.AddHostedService<DueDeliveries>().AddHostedService<PauseKeeper>().AddHostedService<LateLeads>().AddHostedService<ReplaySteps>();
}
