using MassTransit;
using Router.Core.Database;
using Router.Core.Deliveries;
using Router.Core.Destinations;
using Router.Core.Leads;

namespace Router.Worker;

/// <summary>The retry lane: claim the attempt by its number, make it, record it. Also takes replays of dead deliveries.</summary>
internal sealed partial class RetryDeliveryConsumer(
    RetryClaims claims, DestinationDirectory directory, DatabaseAvailability availability, DeliveryAttempts attempts, Turns turns,
    IHostApplicationLifetime host, ILogger<RetryDeliveryConsumer> logger)
    : IConsumer<RetryDelivery>
{
    public async Task Consume(ConsumeContext<RetryDelivery> context)
    {
        var retry = context.Message;
        using var turn = await turns.OfRetries(host.ApplicationStopping);
        if (await claims.Claim(retry) is not { } claimed)
        {
            LogNotClaimed(logger, retry.EventId, retry.DestinationId, retry.Attempt);
            return;
        }

        var lead = claimed.Lead;
        var site = await availability.Wait(token => directory.Find(lead.SiteId, token), host.ApplicationStopping)
            ?? throw new UnknownSiteException(lead.SiteId);
        var body = OutgoingBody.Compose(lead, site.Domain, site.LoginUrlTemplate);
        await attempts.Retry(claimed, body, site, retry.DestinationId);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Nothing to do for event {MessageId} at destination {DestinationId}, attempt {Attempt}: it is finished or in other hands")]
    private static partial void LogNotClaimed(ILogger logger, Guid messageId, Guid destinationId, int? attempt);
}
