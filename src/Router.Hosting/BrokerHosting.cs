namespace Router.Hosting;

/// <summary>What both hosts need to speak with RabbitMQ.</summary>
internal static class BrokerHosting
{
    public static void AddBrokerLine(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<BrokerOptions>().Bind(configuration.GetSection("RabbitMq")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<BrokerNodes>();
        services.AddSingleton<ManagementApi>();
        services.AddSingleton<QueueTopology>();
        services.AddSingleton<BrokerWatch>();
        services.AddHostedService(provider => provider.GetRequiredService<BrokerWatch>());
        services.AddHealthChecks().AddCheck<BrokerWatch>("queues", tags: ["ready"]);
    }
}
