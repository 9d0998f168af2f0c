using MassTransit;
using Microsoft.Extensions.Options;
using Router.Core.Deliveries;
using Router.Core.Leads;
using Router.Hosting;

namespace Router.Worker;

internal sealed class LeadEventConsumerDefinition(IOptions<DeliveryOptions> options)
    : LaneDefinition<LeadEventConsumer>(LeadEvent.QueueName, options.Value.Concurrency);

internal sealed class FreshLeadConsumerDefinition(IOptions<DeliveryOptions> options)
    : LaneDefinition<FreshLeadConsumer>(LeadEvent.FreshQueueName, options.Value.Concurrency);

internal sealed class RetryDeliveryConsumerDefinition(IOptions<DeliveryOptions> options)
    : LaneDefinition<RetryDeliveryConsumer>(RetryDelivery.QueueName, options.Value.RetryConcurrency);

/// <summary>A quorum queue, as many messages in hand as may be worked on at once, and nothing given up that can wait.</summary>
internal abstract class LaneDefinition<TConsumer> : ConsumerDefinition<TConsumer>
    where TConsumer : class, IConsumer
{
    private readonly string _queue;
    private readonly int _concurrency;

    protected LaneDefinition(string queue, int concurrency)
    {
        EndpointName = _queue = queue;
        _concurrency = concurrency;
    }

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<TConsumer> consumerConfigurator, IRegistrationContext context)
    {
        endpointConfigurator.PrefetchCount = _concurrency;
        endpointConfigurator.ConcurrentMessageLimit = _concurrency;
        // The exchange of the queue's own name is the message's exchange already.
        endpointConfigurator.ConfigureConsumeTopology = false;
        // A fault event would be a copy of the lead that nobody reads.
        endpointConfigurator.PublishFaults = false;
        if (endpointConfigurator is IRabbitMqReceiveEndpointConfigurator rabbit)
            rabbit.Declare(context.GetRequiredService<QueueTopology>(), _queue);
        var setAside = context.GetRequiredService<SetAside>();
        endpointConfigurator.ConfigureReceive(receive => receive.UseFilter(new LaneEntrance(
            _queue, context.GetRequiredService<LaneCounts>().Of(_queue), context.GetRequiredService<IOptions<BrokerOptions>>().Value.MaxMessageBytes, setAside)));
        var host = context.GetRequiredService<IHostApplicationLifetime>();
        consumerConfigurator.UseFilter(new BackAtStop<TConsumer>(host));
        endpointConfigurator.ConfigureError(error =>
        {
            error.UseFilter(new ReturnToQueue(host));
            error.UseFilter(new SetAsideFilter(_queue, setAside));
        });
    }
}
