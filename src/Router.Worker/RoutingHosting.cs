using Microsoft.Extensions.Options;
using Router.Core;
using Router.Core.Deliveries;

namespace Router.Worker;

internal static class RoutingHosting
{
    /// <summary>What the lanes need besides <see cref="RouterCore.AddDelivery"/>, and what must be there before they open.</summary>
    public static void AddLeadRouting(this IServiceCollection services)
    {
        services.AddSingleton<DeadLetters>();
        services.AddSingleton<PublishDeadLetter>(provider => provider.GetRequiredService<DeadLetters>().TryPublish);
        services.AddSingleton<BacklogThrottle>();
        services.AddSingleton<ReadableSecrets>();
        services.AddSingleton<IPostConfigureOptions<LaneOptions>, OutgoingLimits>();
        services.AddSingleton<IPostConfigureOptions<IsolationOptions>, OutgoingLimits>();
        // Before the bus: what it takes finds its day.
        services.AddHostedService<RetentionKeeper>();

        // On SIGTERM: no more messages are taken, requests in flight may finish and are recorded, then the process ends.
        services.AddOptions<HostOptions>().Configure<IOptions<DeliveryOptions>>((host, delivery) =>
            host.ShutdownTimeout = delivery.Value.LongestTimeout + TimeSpan.FromSeconds(10));
    }

    /// <summary>Where there is a proxy for outgoing requests, it is watched.</summary>
    public static void AddProxyWatch(this IServiceCollection services, IConfiguration configuration)
    {
        if (string.IsNullOrEmpty(configuration["Proxy:Url"]))
            return;
        services.AddSingleton<ProxyWatch>();
        services.AddHostedService(provider => provider.GetRequiredService<ProxyWatch>());
        services.AddHealthChecks().AddCheck<ProxyWatch>("proxy", tags: ["ready"]);
    }

    /// <summary>Last, so that it stops first: a stopping worker claims nothing more.</summary>
    public static void AddDueDeliveries(this IServiceCollection services) =>
        services.AddSingleton<LateLeadMetrics>()
            .AddHostedService<DueDeliveries>().AddHostedService<PauseKeeper>().AddHostedService<OldDeliveriesKeeper>()
            .AddHostedService<LateLeads>()
            .AddHostedService<ReplaySteps>().AddHostedService<LeadIndexKeeper>()
            .AddHostedService<TroubleKeeper>().AddHostedService<AlertSender>();
}
