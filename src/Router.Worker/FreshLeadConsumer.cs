using MassTransit;
using Router.Core.Leads;

namespace Router.Worker;

/// <summary>The way past a backlog: see <see cref="LeadEvent.FreshQueueName"/>.</summary>
internal sealed class FreshLeadConsumer(LeadRouting routing, Turns turns) : IConsumer<LeadEvent>
{
    public Task Consume(ConsumeContext<LeadEvent> context)
    {
        turns.SeePassing();
        return routing.Route(context, yields: false);
    }
}
