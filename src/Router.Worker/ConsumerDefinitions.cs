using MassTransit;
using Microsoft.Extensions.Options;
using Router.Core.Deliveries;
using Router.Core.Leads;

namespace Router.Worker;

internal sealed class LeadEventConsumerDefinition : ConsumerDefinition<LeadEventConsumer>
{
    private readonly int _concurrency;

    public LeadEventConsumerDefinition(IOptions<DeliveryOptions> options)
    {
        EndpointName = LeadEvent.QueueName;
        _concurrency = options.Value.Concurrency;
    }

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<LeadEventConsumer> consumerConfigurator, IRegistrationContext context) =>
        endpointConfigurator.UseLane(_concurrency);
}

internal sealed class RetryDeliveryConsumerDefinition : ConsumerDefinition<RetryDeliveryConsumer>
{
    private readonly int _concurrency;

    public RetryDeliveryConsumerDefinition(IOptions<DeliveryOptions> options)
    {
        EndpointName = RetryDelivery.QueueName;
        _concurrency = options.Value.RetryConcurrency;
    }

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<RetryDeliveryConsumer> consumerConfigurator, IRegistrationContext context) =>
        endpointConfigurator.UseLane(_concurrency);
}

internal static class Lanes
{
    /// <summary>A quorum queue, as many messages in hand as may be worked on at once, and nothing given up that can wait.</summary>
    public static void UseLane(this IReceiveEndpointConfigurator endpoint, int concurrency)
    {
        endpoint.PrefetchCount = concurrency;
        endpoint.ConcurrentMessageLimit = concurrency;
        // The exchange of the queue's own name is the message's exchange already.
        endpoint.ConfigureConsumeTopology = false;
        // A fault event would be a copy of the lead that nobody reads.
        endpoint.PublishFaults = false;
        if (endpoint is IRabbitMqReceiveEndpointConfigurator rabbit)
            rabbit.SetQuorumQueue();
        endpoint.ConfigureError(error =>
        {
            error.UseFilter(new ReturnToQueue());
            error.UseFilter(new MassTransit.Middleware.ErrorTransportFilter());
        });
    }
}
