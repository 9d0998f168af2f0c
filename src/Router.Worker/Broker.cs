using System.Text.Encodings.Web;
using MassTransit;
using Microsoft.Extensions.Options;
using Router.Core.Deliveries;
using Router.Core.Leads;
using Router.Hosting;

namespace Router.Worker;

/// <summary>The connection to RabbitMQ, what the messages look like, and the queues that workers publish to.</summary>
internal static class Broker
{
    public static void AddBroker(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddBrokerLine(configuration);
        services.AddSingleton<LaneCounts>();
        services.AddSingleton<LargeMessages>();
        services.AddSingleton<LaneMetrics>();
        services.AddSingleton<SetAside>();
        services.AddSingleton<LeadEventConsumer>();
        services.AddSingleton<FreshLeadConsumer>();
        services.AddSingleton<LargeLeadConsumer>();
        services.AddSingleton<RetryDeliveryConsumer>();
        services.AddSingleton<CurrentBus>();
        services.AddSingleton<BusKeeper>();
        services.AddHostedService(provider => provider.GetRequiredService<BusKeeper>());
        services.AddHealthChecks().AddCheck<BusKeeper>("consuming", tags: ["ready"]);
    }

    /// <summary>A new bus, not started: one whose endpoints have given up can't be started again.</summary>
    public static WorkerBus Create(IServiceProvider services)
    {
        var sockets = new BrokerSockets();
        LogContext.ConfigureCurrentLogContext(services.GetRequiredService<ILoggerFactory>());
        var options = services.GetRequiredService<IOptions<LaneOptions>>().Value;
        var topology = services.GetRequiredService<QueueTopology>();
        var control = Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            Connect(rabbit, services.GetRequiredService<BrokerNodes>(), sockets);
            Serialize(rabbit);
            Queue<RetryDelivery>(rabbit, topology, RetryDelivery.QueueName);
            Queue<DeadLetter>(rabbit, topology, DeadLetter.QueueName);
            rabbit.DeployPublishTopology = true;
            rabbit.Lane<LeadEventConsumer>(services, LeadEvent.QueueName, options);
            rabbit.Lane<FreshLeadConsumer>(services, LeadEvent.FreshQueueName, options);
            rabbit.Lane<LargeLeadConsumer>(services, LeadEvent.LargeQueueName, options);
            rabbit.Lane<RetryDeliveryConsumer>(services, RetryDelivery.QueueName, options);
        });
        return new WorkerBus(control, sockets);
    }

    private static void Connect(IRabbitMqBusFactoryConfigurator rabbit, BrokerNodes nodes, BrokerSockets sockets)
    {
        // The library takes one host, which says who it is in its log; which one it really connects to is for the factory to say.
        var (address, first) = (nodes.Address, nodes.Address.Nodes[0]);
        rabbit.Host(first.Host, (ushort)address.PortOf(first), address.VirtualHost, "Router.Worker", host =>
        {
            host.Username(address.User);
            host.Password(address.Password);
            host.OnRefreshConnectionFactory = factory =>
            {
                BrokerLine.Use(factory, nodes, sockets);
                return Task.CompletedTask;
            };
        });
    }

    /// <summary>Plain JSON without an envelope: what an operator sees under "Get messages" is the message.</summary>
    private static void Serialize(IRabbitMqBusFactoryConfigurator rabbit)
    {
        rabbit.ConfigureJsonSerializerOptions(options =>
        {
            // A lead may be 64 deep by itself.
            options.MaxDepth = 128;
            options.WriteIndented = false;
            options.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
            return options;
        });
        // Any type: a dead letter moved into the retry queue by hand is a replay.
        rabbit.UseRawJsonSerializer(RawSerializerOptions.AnyMessageType | RawSerializerOptions.AddTransportHeaders, isDefault: true);
        rabbit.UseRawJsonDeserializer(RawSerializerOptions.AnyMessageType | RawSerializerOptions.AddTransportHeaders, isDefault: true);
    }

    /// <summary>
    /// An exchange with its queue behind it, for what workers publish; the queues of events are declared by the lanes that take them.
    /// </summary>
    private static void Queue<T>(IRabbitMqBusFactoryConfigurator rabbit, QueueTopology topology, string name)
        where T : class
    {
        rabbit.Message<T>(message => message.SetEntityName(name));
        rabbit.Publish<T>(publish => publish.BindQueue(name, name, queue => queue.Declare(topology, name)));
    }

    /// <summary>As <see cref="QueueTopology"/> found or made it.</summary>
    public static void Declare(this IRabbitMqQueueConfigurator queue, QueueTopology topology, string name)
    {
        foreach (var (key, value) in topology.ArgumentsOf(name))
            queue.SetQueueArgument(key, value!);
    }
}
