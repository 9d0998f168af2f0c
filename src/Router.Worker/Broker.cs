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
    public static void AddBroker(this IServiceCollection services, IConfiguration configuration, Action<IBusRegistrationConfigurator> consumers)
    {
        services.AddOptions<BrokerOptions>().Bind(configuration.GetSection("RabbitMq")).ValidateDataAnnotations().ValidateOnStart();
        services.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            consumers(bus);
            bus.UsingRabbitMq((context, rabbit) =>
            {
                Connect(rabbit, new Uri(context.GetRequiredService<IOptions<BrokerOptions>>().Value.Uri));
                Serialize(rabbit);
                Queue<RetryDelivery>(rabbit, RetryDelivery.QueueName);
                Queue<DeadLetter>(rabbit, DeadLetter.QueueName);
                rabbit.SendTopology.ErrorQueueNameFormatter = new OneErrorQueue();
                rabbit.DeployPublishTopology = true;
                rabbit.ConfigureEndpoints(context);
            });
        });
    }

    private static void Connect(IRabbitMqBusFactoryConfigurator rabbit, Uri uri)
    {
        var secure = uri.Scheme == "amqps";
        var port = uri.Port > 0 ? uri.Port : secure ? 5671 : 5672;
        var vhost = Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/'));
        var credentials = uri.UserInfo.Split(':', 2);
        rabbit.Host(uri.Host, (ushort)port, vhost.Length == 0 ? "/" : vhost, host =>
        {
            host.Username(Uri.UnescapeDataString(credentials[0]));
            host.Password(credentials.Length > 1 ? Uri.UnescapeDataString(credentials[1]) : "");
            host.OnRefreshConnectionFactory = factory =>
            {
                BrokerLine.Use(factory);
                return Task.CompletedTask;
            };
            if (secure)
                host.UseSsl(ssl => ssl.ServerName = uri.Host);
        });
    }

    /// <summary>Events that couldn't be understood lie in one place, whichever way they took.</summary>
    private sealed class OneErrorQueue : IErrorQueueNameFormatter
    {
        public string FormatErrorQueueName(string queueName) => $"{(queueName == LeadEvent.FreshQueueName ? LeadEvent.QueueName : queueName)}_error";
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
    /// An exchange with its quorum queue behind it, for what workers publish; the queue of events is declared by the lane that takes them.
    /// </summary>
    private static void Queue<T>(IRabbitMqBusFactoryConfigurator rabbit, string name)
        where T : class
    {
        rabbit.Message<T>(message => message.SetEntityName(name));
        rabbit.Publish<T>(publish => publish.BindQueue(name, name, queue => queue.SetQuorumQueue()));
    }
}
