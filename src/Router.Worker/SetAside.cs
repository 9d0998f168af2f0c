using MassTransit;
using Router.Core.Database;
using Router.Core.Leads;
using Router.Core.SetAside;

namespace Router.Worker;

/// <summary>
/// The end of a message that can't be taken: it is kept in Postgres, where an operator sees it, and leaves its queue. Not in an error queue
/// of RabbitMQ: there no retention and no erasure reaches it, and the broker may refuse to take it for its size.
/// </summary>
internal sealed partial class SetAside(
    SetAsideMessages messages, DatabaseAvailability availability, IHostApplicationLifetime host, ILogger<SetAside> logger)
{
    /// <summary>Returns when it is kept and may be acknowledged; waits while Postgres is away.</summary>
    public async Task Keep(string queue, ReceiveContext context, SetAsideReason reason, string? detail)
    {
        var message = context.Body.GetBytes();
        // Sent again it is part of the backlog.
        var origin = LeadEvent.Queues.Contains(queue) ? LeadEvent.QueueName : queue;
        var facts = await availability.Wait(
            async token => await messages.Keep(origin, reason, detail, message, token), host.ApplicationStopping);
        LogSetAside(logger, facts.EventId, facts.SiteId, queue, reason.Text(), detail, message.Length);
    }

    [LoggerMessage(Level = LogLevel.Error, Message =
        "Event {MessageId} of site {SiteId} from {Queue} is set aside: {Reason} ({Detail}, {Size} bytes). "
        + "The operator's page shows it; what is behind it goes on")]
    private static partial void LogSetAside(
        ILogger logger, Guid? messageId, Guid? siteId, string queue, string reason, string? detail, int size);
}
