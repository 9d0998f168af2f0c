using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Router.Core.Database;
using Router.Core.Destinations;
using Router.Core.Leads;
using Router.Core.Telemetry;

namespace Router.Core.Deliveries;

/// <summary>
/// The way of an event: plan it, attempt all of its deliveries concurrently, record each; and that of a retry: claim it, attempt it,
/// record it. Where the message came from is the host's business. It may acknowledge it when each outcome, or that a slow request is under
/// way, is on disk; a crash before that brings it back, and only what has no outcome is sent again.
/// </summary>
public sealed partial class LeadDelivery(
    DestinationDirectory directory, DatabaseAvailability availability, DeliveryPlanner planner, RetryClaims claims,
    DeliveryAttempts attempts, IHostApplicationLifetime host, TimeProvider time, ILogger<LeadDelivery> logger)
{
    /// <summary>Returns when the event's message may be acknowledged.</summary>
    /// <param name="lead">The event.</param>
    /// <param name="queue">The queue that it came from.</param>
    /// <param name="isRedelivery">Whether it may have been planned already.</param>
    /// <param name="yields">Whether its requests give way to those of fresh leads.</param>
    /// <exception cref="UnknownSiteException">Its site isn't in the database.</exception>
    /// <exception cref="LostPlanException">Postgres crashed and lost the plan: the message must be delivered once more.</exception>
    /// <exception cref="OperationCanceledException">The host stops before the event was planned, or while Postgres is away.</exception>
    public Task Deliver(LeadEvent lead, string queue, bool isRedelivery, bool yields) =>
        RouterTraces.Of(lead.TraceParent) is var published && published == default ? DeliverToAll(lead, isRedelivery, yields)
        : DeliverTraced(published, lead, queue, isRedelivery, yields);

    private async Task DeliverTraced(ActivityContext published, LeadEvent lead, string queue, bool isRedelivery, bool yields)
    {
        using var span = DeliveryTraces.Process(published, lead, queue, isRedelivery);
        try
        {
            await DeliverToAll(lead with { TraceParent = RouterTraces.TraceParent }, isRedelivery, yields);
        }
        catch (Exception failed) when (span?.Failed(failed) is true)
        {
            throw;
        }
    }

    private async Task DeliverToAll(LeadEvent lead, bool isRedelivery, bool yields)
    {
        var started = time.GetTimestamp();
        var site = await FindSite(lead);
        Plan plan;
        using (DeliveryTraces.Plan())
            plan = await planner.Plan(lead, site, isRedelivery);
        if (plan.Destinations.Count == 0)
            return;
        if (plan.AcceptedAt != lead.AcceptedAt)
            lead = lead with { AcceptedAt = plan.AcceptedAt };

        var body = OutgoingBody.Compose(lead, site.Domain, site.LoginUrlTemplate);
        var states = await Task.WhenAll(plan.Destinations.Select(destination => plan.Waits(destination)
            ? attempts.Wait(lead, destination) : attempts.First(lead, body, site, destination, yields)));

        LogRouted(
            logger, lead.EventId, lead.SiteId, lead.Action.Text(), states.Count(state => state == DeliveryState.Delivered), states.Length,
            time.GetElapsedTime(started).TotalMilliseconds);
    }

    /// <summary>Makes an attempt that is due, or replays a dead delivery; returns when the message may be acknowledged.</summary>
    /// <inheritdoc cref="Deliver" path="/exception"/>
    public async Task Retry(RetryDelivery retry)
    {
        var begun = time.GetUtcNow();
        if (await claims.Claim(retry) is not { } claimed)
        {
            LogNotClaimed(logger, retry.EventId, retry.DestinationId, retry.Attempt);
            return;
        }

        using var span = DeliveryTraces.Retry(claimed.Lead, begun);
        try
        {
            var site = await FindSite(claimed.Lead);
            var body = OutgoingBody.Compose(claimed.Lead, site.Domain, site.LoginUrlTemplate);
            await attempts.Retry(claimed, body, site, retry.DestinationId);
        }
        catch (Exception failed) when (span?.Failed(failed) is true)
        {
            throw;
        }
    }

    private async ValueTask<SiteDestinations> FindSite(LeadEvent lead) =>
        await availability.Wait(token => directory.Find(lead.SiteId, token), host.ApplicationStopping)
        ?? throw new UnknownSiteException(lead.SiteId);

    [LoggerMessage(
        Level = LogLevel.Debug,
        Message = "Event {MessageId} of site {SiteId} ({Action}): {Delivered} of {Planned} delivered at first attempt "
            + "in {Milliseconds:0.0} ms")]
    private static partial void LogRouted(
        ILogger logger, Guid messageId, Guid siteId, string action, int delivered, int planned, double milliseconds);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Nothing to do for event {MessageId} at destination {DestinationId}, attempt {Attempt}: "
            + "it is finished or in other hands")]
    private static partial void LogNotClaimed(ILogger logger, Guid messageId, Guid destinationId, int? attempt);
}
