using MassTransit;
using Router.Core.Deliveries;

namespace Router.Worker;

/// <summary>The retry lane. Also takes replays of dead deliveries.</summary>
internal sealed class RetryDeliveryConsumer(LeadDelivery delivery, BacklogThrottle throttle, IHostApplicationLifetime host)
    : IConsumer<RetryDelivery>
{
    public async Task Consume(ConsumeContext<RetryDelivery> context)
    {
        using var turn = await throttle.OfRetries(host.ApplicationStopping);
        await delivery.Retry(context.Message);
    }
}
