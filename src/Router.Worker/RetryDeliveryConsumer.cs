using MassTransit;
using Router.Core.Deliveries;

namespace Router.Worker;

/// <summary>The retry lane. Also takes replays of dead deliveries.</summary>
internal sealed class RetryDeliveryConsumer(
    LeadDelivery delivery, BacklogThrottle throttle, LargeMessages room, IHostApplicationLifetime host)
    : IConsumer<RetryDelivery>
{
    public async Task Consume(ConsumeContext<RetryDelivery> context)
    {
        // Its lead comes from the ledger: there is room for it before it is claimed.
        using var place = await room.Enter(RetryDelivery.QueueName, context.Message.Bytes ?? 0, host.ApplicationStopping);
        using var turn = await throttle.OfRetries(host.ApplicationStopping);
        await delivery.Retry(context.Message);
    }
}
