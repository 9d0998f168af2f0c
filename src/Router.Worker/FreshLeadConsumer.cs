using MassTransit;
using Router.Core.Deliveries;
using Router.Core.Leads;

namespace Router.Worker;

/// <summary>The way past a backlog: see <see cref="LeadEvent.FreshQueueName"/>.</summary>
internal sealed class FreshLeadConsumer(LeadDelivery delivery, BacklogThrottle throttle) : IConsumer<LeadEvent>
{
    public Task Consume(ConsumeContext<LeadEvent> context)
    {
        throttle.SeePassing();
        return delivery.Deliver(context.Message, context.IsRedelivery(), yields: false);
    }
}
