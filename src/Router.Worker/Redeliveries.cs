using MassTransit;
using Router.Core.Leads;

namespace Router.Worker;

/// <summary>Which messages may have been in a worker's hands before.</summary>
internal static class Redeliveries
{
    /// <summary>Published once more it is a new message to the broker, and the same one to us.</summary>
    public static bool IsRedelivery(this ConsumeContext context) =>
        context.ReceiveContext.Redelivered
        || context.ReceiveContext.TransportHeaders.TryGetHeader(LeadMessage.AgainHeader, out _)
        || context.ReceiveContext.TransportHeaders.TryGetHeader(MessageHeaders.Reason, out _);
}
