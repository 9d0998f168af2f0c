using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Router.Core.Database;
using Router.Core.Destinations;
using Router.Core.Leads;

namespace Router.Core.Deliveries;

/// <summary>Stages 2 and 3 of a delivery: send, decide what the answer leads to, record it.</summary>
public sealed class DeliveryAttempts(
    DestinationTurns turns, DestinationBulkheads bulkheads, SlowAttempts slow, PublishDeadLetter publishDeadLetter,
    AttemptRecorder recorder, LanePatience patience,
    DestinationDirectory directory, DestinationDeactivation deactivation, DestinationPauses pauses, LeadOrder order,
    DestinationCheck checks, DeliveryCancellation cancellation, DatabaseAvailability availability, IOptions<DeliveryOptions> options,
    IOptions<IsolationOptions> isolation, TimeProvider time, DeliveryMetrics metrics,
    IHostApplicationLifetime host, ILogger<DeliveryAttempts> logger)
{
    // A turn that comes sooner is waited for in the lane: less than it costs to write down that it is waited for.
    private static readonly TimeSpan SoonEnough = TimeSpan.FromMilliseconds(20);

    private readonly DeliveryOptions _options = options.Value;
    private readonly IsolationOptions _isolation = isolation.Value;

    // Apart, or receivers of sites that hang could keep the room from Lead Managers. In bytes.
    private readonly LargeBodies _large = new(most: 96 * 1024 * 1024);
    private readonly LargeBodies _largeToLeadManagers = new(most: 64 * 1024 * 1024);

    /// <summary>The first attempt of a planned delivery; the state that it came to.</summary>
    /// <param name="lead">The event.</param>
    /// <param name="body">Its body, but for the partner id.</param>
    /// <param name="site">The site and its active destinations.</param>
    /// <param name="destination">Where to.</param>
    /// <param name="yields">Whether it gives way to fresh leads, being of a backlog.</param>
    public Task<DeliveryState> First(LeadEvent lead, OutgoingBody body, SiteDestinations site, Guid destination, bool yields) =>
        Attempt(lead, body, site, destination, Due.First(lead, yields));

    /// <summary>Holds a planned delivery until an earlier one of its lead has ended; the state that it came to.</summary>
    public async Task<DeliveryState> Wait(LeadEvent lead, Guid destination)
    {
        await RecordWithoutAttempt(RecordKind.Deferred, lead, destination, Due.First(lead, yields: false), DeliveryState.Held, delay: null);
        await availability.Wait(
            async token =>
            {
                await order.LetGoIfOver(lead.EventId, destination, lead.AcceptedAt, token);
                return true;
            },
            host.ApplicationStopping);
        return DeliveryState.Held;
    }

    /// <summary>A claimed retry; the state that it came to.</summary>
    public Task<DeliveryState> Retry(ClaimedRetry claimed, OutgoingBody body, SiteDestinations site, Guid destination)
    {
        if (claimed.IsLeftOut)
            return Cancel(claimed.Lead, destination);

        var due = new Due(
            claimed.Attempt, claimed.Step, claimed.Since, IsClaimed: true, Yields: true, claimed.IsProbe, claimed.WasDelivered);
        return Attempt(claimed.Lead, body, site, destination, due);
    }

    private async Task<DeliveryState> Cancel(LeadEvent lead, Guid destinationId)
    {
        await availability.Wait(token => cancellation.One(lead.EventId, destinationId, token), host.ApplicationStopping);
        logger.LogCanceled(lead.EventId, destinationId);
        return DeliveryState.Canceled;
    }

    private async Task<DeliveryState> Attempt(LeadEvent lead, OutgoingBody body, SiteDestinations site, Guid destinationId, Due due)
    {
        // A notice is about the destination's own switch, and a test is asked for: they go whatever state the destination is in.
        var isLead = DeliveryKinds.Of(lead) is DeliveryKind.Lead;
        // What the directory doesn't list may be active since a moment ago: the end of a delivery is only decided on what the
        // database says now.
        var destination = site.Find(destinationId)
            ?? await availability.Wait(token => directory.Read(destinationId, orInactive: !isLead, token), host.ApplicationStopping);
        // Nor does what its mapping no longer has a request for.
        if (destination is null || !destination.Understands(lead.Action))
            return await Cancel(lead, destinationId);

        if (destination.IsPaused && !due.IsProbe && isLead)
            return await RecordWithoutAttempt(RecordKind.Deferred, lead, destinationId, due, DeliveryState.Held, delay: null);

        // It is given up by whoever looks for such ones next.
        if (isLead && destination.TimeToLive is { } timeToLive && time.GetUtcNow() - due.Since >= timeToLive)
            return await RecordWithoutAttempt(
                RecordKind.Deferred, lead, destinationId, due, DeliveryState.Retrying, OldDeliveries.Patience);
        if (isLead && destination.Own.QuietHours?.EndAt(time.GetUtcNow()) is not null)
            return await RecordWithoutAttempt(RecordKind.Deferred, lead, destinationId, due, DeliveryState.Held, delay: null);
        if (isLead && destination.Own.MaxPerSecond is { } perSecond && !due.HasTurn)
            return await InItsTurn(lead, body, site, destination, perSecond, due);

        var (content, sending) = await TryStart(lead, body, site, destination, due);
        if (sending is null || !await patience.EndsBefore(
            sending, destinationId, isHurried: due.IsClaimed || lead.MayBeLarge))
            return await Finish(lead, destination, content, due, sending);

        // The lane goes on to the next lead. A claimed retry is leased to this worker already, unless it may take longer than the lease;
        // a first attempt is from here on.
        var lease = _options.LeaseOf(destination);
        if (!due.IsClaimed || lease > _options.Lease)
            await RecordWithoutAttempt(RecordKind.UnderWay, lead, destinationId, due, DeliveryState.Retrying, lease, lease);
        slow.Track(bulkheads.WhileSlow(destinationId, sending));
        slow.Track(Finish(lead, destination, content, due, sending));
        return DeliveryState.Retrying;
    }

    /// <summary>Makes the body and begins to send it: no body where there is no room for it, no sending where there is none for that.
    /// </summary>
    private async Task<(OutgoingContent? Content, Task<Attempt?>? Sending)> TryStart(
        LeadEvent lead, OutgoingBody body, SiteDestinations site, Destination destination, Due due)
    {
        var room = destination.IsLeadManager ? _largeToLeadManagers : _large;
        // First what is known of its size: making it costs more than a look. Where many wait for their bodies to be made, this one finds no
        // room either.
        if (!room.Has(lead.SiteId, body.Length)
            || await destination.TryContentOf(lead.Action, body, lead.MayBeLarge ? _isolation.Patience / 10 : _isolation.Patience)
                is not { } content
            || !room.TryTake(lead.SiteId, content.Held))
            return default;

        Task<Attempt?>? sending = null;
        try
        {
            sending = await bulkheads.TryStart(site, destination, lead, content, due.Number, due.Yields);
            return (content, sending);
        }
        finally
        {
            if (sending is null)
                room.Leave(lead.SiteId, content.Held);
            else
                _ = room.LeaveAfter(sending, lead.SiteId, content.Held);
        }
    }

    /// <summary>
    /// At the pace of its destination. What must wait for its turn leaves the lane; leased to this worker it waits in memory. Where no turn
    /// is near it waits in the ledger, as part of the backlog. None of that is an attempt.
    /// </summary>
    private async Task<DeliveryState> InItsTurn(
        LeadEvent lead, OutgoingBody body, SiteDestinations site, Destination destination, double perSecond, Due due)
    {
        var asked = time.GetTimestamp();
        var turn = await turns.Take(new WantedTurn(destination.Id, perSecond, due.Yields));
        // Postgres was away meanwhile: the lease may end, and somebody else may be sending it.
        if (turn is not { } wait || due.IsClaimed && time.GetElapsedTime(asked) > TimeSpan.FromSeconds(5))
            return await RecordWithoutAttempt(
                RecordKind.Deferred, lead, destination.Id, due, DeliveryState.Retrying, _isolation.DeferDelay);

        if (wait <= SoonEnough)
        {
            if (wait > TimeSpan.Zero)
                await Task.Delay(wait, time);
            return await Attempt(lead, body, site, destination.Id, due with { HasTurn = true });
        }

        // What is large waits where it takes no memory.
        if (!due.IsClaimed && body.Length > LargeBodies.Small)
            return await RecordWithoutAttempt(RecordKind.Deferred, lead, destination.Id, due, DeliveryState.Retrying, wait);

        // A claimed retry is leased already, with a second to spare.
        if (!due.IsClaimed || wait > TimeSpan.FromSeconds(1))
            await RecordWithoutAttempt(
                RecordKind.Awaited, lead, destination.Id, due, DeliveryState.Retrying, wait, wait + _options.Lease);
        slow.Track(When(wait, lead, body, site, destination.Id, due with { HasTurn = true, IsClaimed = true }));
        return DeliveryState.Retrying;
    }

    /// <summary>Its turn has come: to the destination as it is by now. When the host stops, another worker takes it.</summary>
    private async Task When(TimeSpan wait, LeadEvent lead, OutgoingBody body, SiteDestinations site, Guid destination, Due due)
    {
        var started = time.GetTimestamp();
        await Task.Delay(wait, time, host.ApplicationStopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var left = wait - time.GetElapsedTime(started);
        if (host.ApplicationStopping.IsCancellationRequested && left > TimeSpan.Zero)
        {
            await RecordWithoutAttempt(RecordKind.Deferred, lead, destination, due, DeliveryState.Retrying, left);
            return;
        }

        var now = await availability.Wait(token => directory.Find(lead.SiteId, token), host.ApplicationStopping);
        await Attempt(lead, body, now ?? site, destination, due);
    }

    /// <summary>Awaits the answer, decides what it leads to and records that.</summary>
    private async Task<DeliveryState> Finish(
        LeadEvent lead, Destination destination, OutgoingContent? made, Due due, Task<Attempt?>? sending)
    {
        if (made is not { } content || sending is null || await sending is not { } attempt)
        {
            logger.LogDeferred(lead.EventId, destination.Id);
            metrics.Defer();
            // What was made of it, or read, for nothing costs more than a look at a destination without room.
            var delay = made is null ? LargeBodies.Deferral * _isolation.DeferDelay : bulkheads.DeferDelay(destination);
            return await RecordWithoutAttempt(RecordKind.Deferred, lead, destination.Id, due, DeliveryState.Retrying, delay);
        }

        var next = await Decide(lead, destination, content, due, attempt);
        logger.LogOutcome(lead, destination.Id, attempt, due.WasDelivered, next);
        if (next.SwitchesOff)
            await SwitchOff(destination);
        await recorder.Record(
            new RecordedAttempt(lead, destination.Id, RecordKind.Made, due.Number, attempt, next.State, next.Step, next.Delay));
        metrics.Add(lead, attempt, next.State, due.WasDelivered);
        // Whoever sees first that a check has passed writes it down; a single test proves nothing.
        if (lead.Test is not (null or LeadTest.Once))
        {
            await availability.Wait(
                token => checks.Read(lead.SiteId, destination.Id, Guid.Parse(lead.LeadId), token), host.ApplicationStopping);
        }

        return next.State;
    }

    private async Task<NextStep> Decide(LeadEvent lead, Destination destination, OutgoingContent content, Due due, Attempt attempt)
    {
        var facts = new DeliveryFacts(
            DeliveryKinds.Of(lead), due.Step, destination.IsLeadManager, due.IsProbe, due.WasDelivered,
            Schedule: destination.RetrySchedule);
        if (NextStep.DependsOnHealth(attempt, facts, _options))
        {
            var isDown = await availability.Wait(token => pauses.PauseIfDown(destination.Id, token), host.ApplicationStopping);
            facts = facts with { IsDown = isDown };
        }

        var next = NextStep.After(attempt, facts, _options, _isolation.BreakerPause, Random.Shared.NextDouble());
        // A letter is a copy that an erasure of a moment ago no longer finds.
        if (next.NeedsDeadLetter
            && await availability.Wait(token => cancellation.IsErased(lead.EventId, token), host.ApplicationStopping))
            return next;

        return next.NeedsDeadLetter && !await publishDeadLetter(lead, destination, content.Own, attempt)
            ? next.WithoutDeadLetter(_options) : next;
    }

    private async Task SwitchOff(Destination destination)
    {
        const string reason = "The receiver answered 410 Gone: it wants no more leads.";
        if (await availability.Wait(token => deactivation.Deactivate(destination, reason, token), host.ApplicationStopping))
            logger.LogDeactivated(destination.Id);
    }

    private async Task<DeliveryState> RecordWithoutAttempt(
        RecordKind kind, LeadEvent lead, Guid destination, Due due, DeliveryState state, TimeSpan? delay, TimeSpan? lease = null)
    {
        await recorder.Record(new RecordedAttempt(lead, destination, kind, due.Number, null, state, due.Step, delay, lease));
        return state;
    }

    /// <summary>The attempt that is due.</summary>
    /// <param name="Number">Its number.</param>
    /// <param name="Step">How many retries of the schedule were made before.</param>
    /// <param name="Since">When it was asked for: by its event, or by a replay.</param>
    /// <param name="IsClaimed">Whether the ledger has leased it to this worker.</param>
    /// <param name="Yields">Whether it gives way to fresh leads.</param>
    /// <param name="IsProbe">Whether it goes to a paused destination, to find out.</param>
    /// <param name="WasDelivered">Whether the receiver has it already: then it is nobody's dead letter.</param>
    /// <param name="HasTurn">Whether it has its turn at a destination with a pace.</param>
    private readonly record struct Due(
        int Number, int Step, DateTimeOffset Since, bool IsClaimed, bool Yields, bool IsProbe, bool WasDelivered, bool HasTurn = false)
    {
        public static Due First(LeadEvent lead, bool yields) =>
            new(Number: 1, Step: 0, lead.AcceptedAt, IsClaimed: false, yields, IsProbe: false, WasDelivered: false);
    }
}
