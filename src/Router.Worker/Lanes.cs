using MassTransit;
using Microsoft.Extensions.Options;
using Router.Core.Deliveries;
using Router.Core.Leads;
using Router.Hosting;

namespace Router.Worker;

/// <summary>A lane: a queue, as many messages in hand as may be worked on at once, and nothing given up that can wait.</summary>
internal static class Lanes
{
    // As many of two megabytes each are in memory several times over, and fit there.
    private const int OfLargeEvents = 16;

    /// <summary>How many messages of that queue a worker may have in hand.</summary>
    public static int Places(string queue, LaneOptions options) => queue switch
    {
        RetryDelivery.QueueName => options.RetryConcurrency,
        LeadEvent.LargeQueueName => Math.Min(OfLargeEvents, options.Concurrency),
        _ => options.Concurrency,
    };

    public static void Lane<TConsumer>(
        this IRabbitMqBusFactoryConfigurator rabbit, IServiceProvider services, string queue, LaneOptions options)
        where TConsumer : class, IConsumer =>
        rabbit.ReceiveEndpoint(queue, endpoint =>
        {
            var concurrency = Places(queue, options);
            endpoint.PrefetchCount = concurrency;
            endpoint.ConcurrentMessageLimit = concurrency;
            // The exchange of the queue's own name is the message's exchange already.
            endpoint.ConfigureConsumeTopology = false;
            // A fault event would be a copy of the lead that nobody reads.
            endpoint.PublishFaults = false;
            endpoint.Declare(services.GetRequiredService<QueueTopology>(), queue);

            var (host, setAside) = (services.GetRequiredService<IHostApplicationLifetime>(), services.GetRequiredService<SetAside>());
            var largest = services.GetRequiredService<IOptions<BrokerOptions>>().Value.MaxMessageBytes;
            endpoint.ConfigureReceive(receive => receive.UseFilter(
                new LaneEntrance(
                    queue, services.GetRequiredService<LaneCounts>().Of(queue), services.GetRequiredService<LargeMessages>(), largest,
                    setAside, host)));
            endpoint.ConfigureError(error => error.UseFilter(new FailedMessages(queue, setAside, host)));
            endpoint.Consumer(services.GetRequiredService<TConsumer>, consumer => consumer.UseFilter(new BackAtStop<TConsumer>(host)));
        });
}
