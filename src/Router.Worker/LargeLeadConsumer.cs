using MassTransit;
using Router.Core.Deliveries;
using Router.Core.Leads;
using Router.Core.Search;

namespace Router.Worker;

/// <summary>Large events, few at a time: see <see cref="LeadEvent.LargeQueueName"/>. No small one waits for them.</summary>
internal sealed class LargeLeadConsumer(LeadDelivery delivery, LeadIndex index) : IConsumer<LeadEvent>
{
    public async Task Consume(ConsumeContext<LeadEvent> context)
    {
        await delivery.Deliver(context.Message, LeadEvent.LargeQueueName, context.IsRedelivery(), yields: false);
        index.Add(context.Message);
    }
}
