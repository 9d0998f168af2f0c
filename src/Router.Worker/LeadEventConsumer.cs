using MassTransit;
using Router.Core.Deliveries;
using Router.Core.Leads;

namespace Router.Worker;

/// <summary>The main lane. A backlog in it leaves room to the fresh leads that come past it.</summary>
internal sealed class LeadEventConsumer(LeadDelivery delivery, Turns turns, IHostApplicationLifetime host) : IConsumer<LeadEvent>
{
    public async Task Consume(ConsumeContext<LeadEvent> context)
    {
        using var turn = await turns.OfBacklog(host.ApplicationStopping);
        if (!turn.IsTaken)
            turns.SeeFresh();
        await delivery.Deliver(context.Message, context.IsRedelivery(), yields: turn.IsTaken);
    }
}
