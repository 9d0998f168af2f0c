using MassTransit;
using Router.Core.Deliveries;
using Router.Core.Leads;
using Router.Core.Search;

namespace Router.Worker;

/// <summary>The way past a backlog: see <see cref="LeadEvent.FreshQueueName"/>.</summary>
internal sealed class FreshLeadConsumer(LeadDelivery delivery, LeadIndex index, BacklogThrottle throttle) : IConsumer<LeadEvent>
{
    public async Task Consume(ConsumeContext<LeadEvent> context)
    {
        throttle.SeePassing();
        await delivery.Deliver(context.Message, LeadEvent.FreshQueueName, context.IsRedelivery(), yields: false);
        index.Add(context.Message);
    }
}
