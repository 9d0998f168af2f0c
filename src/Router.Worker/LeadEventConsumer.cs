using MassTransit;
using Router.Core.Deliveries;
using Router.Core.Leads;
using Router.Core.Search;

namespace Router.Worker;

/// <summary>The main lane. A backlog in it leaves room to the fresh leads that come past it.</summary>
internal sealed class LeadEventConsumer(LeadDelivery delivery, LeadIndex index, BacklogThrottle throttle, IHostApplicationLifetime host)
    : IConsumer<LeadEvent>
{
    public async Task Consume(ConsumeContext<LeadEvent> context)
    {
        using var turn = await throttle.OfBacklog(host.ApplicationStopping);
        if (!turn.IsTaken)
            throttle.SeeFresh();
        await delivery.Deliver(context.Message, LeadEvent.QueueName, context.IsRedelivery(), yields: turn.IsTaken);
        index.Add(context.Message);
    }
}
