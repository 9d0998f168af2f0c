using MassTransit;
using Router.Core.Database;
using Router.Core.Deliveries;
using Router.Core.Destinations;
using Router.Core.Leads;

namespace Router.Worker;

/// <summary>
/// The way of an event: plan an event, attempt all of its deliveries concurrently, record each. The message is acknowledged when
/// each outcome, or that a slow request is under way, is on disk; a crash before that brings it back, and only what is still
/// pending is sent again.
/// </summary>
internal sealed partial class LeadRouting(
    DestinationDirectory directory, DatabaseAvailability availability, DeliveryPlanner planner, DeliveryAttempts attempts,
    IHostApplicationLifetime host, TimeProvider time, ILogger<LeadRouting> logger)
{
    /// <summary>Returns when the message may be acknowledged.</summary>
    /// <param name="context">The event.</param>
    /// <param name="yields">Whether its requests give way to those of fresh leads.</param>
    public async Task Route(ConsumeContext<LeadEvent> context, bool yields)
    {
        var lead = context.Message;
        var started = time.GetTimestamp();
        var site = await availability.Wait(token => directory.Find(lead.SiteId, token), host.ApplicationStopping)
            ?? throw new UnknownSiteException(lead.SiteId);

        // Published once more it is a new message to the broker, and the same one to us.
        var isRedelivery = context.ReceiveContext.Redelivered || context.ReceiveContext.TransportHeaders.TryGetHeader(LeadMessage.AgainHeader, out _)
            || context.ReceiveContext.TransportHeaders.TryGetHeader(MessageHeaders.Reason, out _);
        var plan = await planner.Plan(lead, site, isRedelivery);
        if (plan.Destinations.Count == 0)
            return;
        if (plan.AcceptedAt != lead.AcceptedAt)
            lead = lead with { AcceptedAt = plan.AcceptedAt };

        var body = OutgoingBody.Compose(lead, site.Domain, site.LoginUrlTemplate);
        var states = await Task.WhenAll(plan.Destinations.Select(destination => attempts.First(lead, body, site, destination, yields)));

        LogRouted(
            logger, lead.EventId, lead.SiteId, lead.Action, states.Count(state => state == DeliveryStates.Delivered), states.Length,
            time.GetElapsedTime(started).TotalMilliseconds);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Event {MessageId} of site {SiteId} ({Action}): {Delivered} of {Planned} delivered at first attempt in {Milliseconds:0.0} ms")]
    private static partial void LogRouted(ILogger logger, Guid messageId, Guid siteId, string action, int delivered, int planned, double milliseconds);
}

/// <summary>An event for a site that isn't in the database: set aside, until the site is there or its operator decides.</summary>
internal sealed class UnknownSiteException(Guid siteId) : Exception($"Site {siteId} is not in the database.");
