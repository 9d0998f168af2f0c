using MassTransit;
using Microsoft.Extensions.Options;
using Router.Core.Leads;

namespace Router.Api.Incoming;

/// <summary>Puts an event into the broker's hands: confirmed by it, or not accepted.</summary>
internal sealed partial class LeadPublisher(IBus bus, IOptions<IncomingOptions> options, ILogger<LeadPublisher> logger)
{
    // Mandatory: should the queue be gone, the broker returns the message instead of confirming a lead into nowhere.
    private static readonly IPipe<PublishContext<LeadEvent>> Mandatory = Pipe.Execute<PublishContext<LeadEvent>>(context =>
    {
        context.Mandatory = true;
        context.MessageId = context.Message.EventId;
    });

    /// <summary>Null once the event is durable; else the answer for the sender.</summary>
    public async ValueTask<IncomingError?> Publish(LeadEvent lead)
    {
        // Not tied to the request: a sender that hangs up early has still sent a lead.
        using var limit = new CancellationTokenSource(options.Value.ConfirmTimeout);
        try
        {
            await bus.Publish(lead, Mandatory, limit.Token);
            LogAccepted(logger, lead.EventId, lead.SiteId, lead.Action, lead.Product);
            return null;
        }
#pragma warning disable CA1031 // Whatever went wrong, the event isn't confirmed, and the sender must hear of it.
        catch (Exception failed)
        {
            LogNotConfirmed(logger, lead.EventId, lead.SiteId, failed.GetType().Name);
            return new IncomingError(StatusCodes.Status503ServiceUnavailable, "The lead could not be stored; send it again.");
        }
#pragma warning restore CA1031
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Event {MessageId} of site {SiteId} accepted: {Action} from {Product}")]
    private static partial void LogAccepted(ILogger logger, Guid messageId, Guid siteId, string action, string product);

    [LoggerMessage(Level = LogLevel.Error, Message = "Event {MessageId} of site {SiteId} was not confirmed by RabbitMQ ({Exception}); the sender got 503")]
    private static partial void LogNotConfirmed(ILogger logger, Guid messageId, Guid siteId, string exception);
}
