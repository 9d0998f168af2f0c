using Microsoft.Extensions.Options;
using Router.Core.Database;
using Router.Core.Deliveries;
using Router.Core.Destinations;
using Router.Core.Leads;

namespace Router.Worker;

/// <summary>Stages 2 and 3 of a delivery: send, decide what the answer leads to, record it.</summary>
internal sealed partial class DeliveryAttempts(
    DestinationGates gates, SlowAttempts slow, DeadLetters deadLetters, AttemptRecorder recorder, DestinationDeactivation deactivation,
    DestinationDirectory directory, DeliveryCancellation cancellation, DestinationPauses pauses, DestinationCheck checks, DatabaseAvailability availability, IOptions<DeliveryOptions> options,
    TimeProvider time, IHostApplicationLifetime host, ILogger<DeliveryAttempts> logger)
{
    private int _awaited;

    /// <summary>The first attempt of a planned delivery; the state that it came to.</summary>
    /// <param name="lead">The event.</param>
    /// <param name="body">Its body, but for the partner id.</param>
    /// <param name="site">The site and its active destinations.</param>
    /// <param name="destination">Where to.</param>
    /// <param name="yields">Whether it gives way to fresh leads, being of a backlog.</param>
    public Task<string> First(LeadEvent lead, OutgoingBody body, SiteDestinations site, Guid destination, bool yields) =>
        Attempt(lead, body, site, destination, new Turn(Number: 1, Step: 0, IsClaimed: false, yields, IsProbe: false, WasDelivered: false));

    /// <summary>A claimed retry; the state that it came to.</summary>
    public Task<string> Retry(ClaimedRetry claimed, OutgoingBody body, SiteDestinations site, Guid destination) =>
        Attempt(claimed.Lead, body, site, destination, new Turn(claimed.Attempt, claimed.Step, IsClaimed: true, Yields: true, claimed.IsProbe, claimed.WasDelivered));

    /// <summary>Which attempt it is.</summary>
    /// <param name="Number">Its number.</param>
    /// <param name="Step">How many retries of the schedule were made before.</param>
    /// <param name="IsClaimed">Whether the ledger has leased it to this worker.</param>
    /// <param name="Yields">Whether it gives way to fresh leads.</param>
    /// <param name="IsProbe">Whether it goes to a paused destination, to find out.</param>
    /// <param name="WasDelivered">Whether the receiver has it already: then it is nobody's dead letter.</param>
    private readonly record struct Turn(int Number, int Step, bool IsClaimed, bool Yields, bool IsProbe, bool WasDelivered);

    private async Task<string> Attempt(LeadEvent lead, OutgoingBody body, SiteDestinations site, Guid destinationId, Turn turn)
    {
        // What the directory doesn't list may be active since a moment ago: the end of a delivery is only decided on what the
        // database says now.
        var destination = site.Find(destinationId) ?? await availability.Wait(
            token => directory.Read(destinationId, orInactive: lead.Test is not null || LeadActions.IsAboutDestination(lead.Action), token), host.ApplicationStopping);
        if (destination is null)
        {
            await availability.Wait(token => cancellation.One(lead.EventId, destinationId, token), host.ApplicationStopping);
            LogCanceled(logger, lead.EventId, destinationId);
            return DeliveryStates.Canceled;
        }

        // News of the destination's own switch go to it whatever state it is in, and so do its tests.
        if (destination.IsPaused && !turn.IsProbe && lead.Test is null && !LeadActions.IsAboutDestination(lead.Action))
        {
            await recorder.Record(new RecordedAttempt(lead, destinationId, RecordKind.Deferred, turn.Number, null, DeliveryStates.Held, turn.Step, null));
            return DeliveryStates.Held;
        }

        var bytes = body.For(destination.PartnerId);
        var sending = await gates.TryStart(destination, lead, bytes, turn.Number, turn.Yields);
        if (sending is null || !await IsSlow(sending, Patience(destinationId, turn.IsClaimed)))
            return await Finish(lead, destination, bytes, turn, sending);

        // The lane goes on to the next lead. A claimed retry is leased to this worker already; a first attempt is from here on.
        if (!turn.IsClaimed)
            await recorder.Record(new RecordedAttempt(lead, destinationId, RecordKind.UnderWay, turn.Number, null, DeliveryStates.Retrying, turn.Step, options.Value.Lease));
        slow.Track(gates.WhileSlow(destinationId, sending));
        slow.Track(Finish(lead, destination, bytes, turn, sending));
        return DeliveryStates.Retrying;
    }

    /// <summary>
    /// Leaving the lane costs a write to the ledger, staying costs a place in the lane. So the fewer places are left, the less is waited; and
    /// least for a destination that is known to be stuck. A claimed retry has been written already.
    /// </summary>
    private TimeSpan Patience(Guid destination, bool isClaimed) =>
        gates.IsStuck(destination) ? options.Value.Patience / 50
        : isClaimed ? options.Value.Patience / 10
        : Volatile.Read(ref _awaited) > options.Value.Concurrency / 4 ? options.Value.Patience / 5
        : options.Value.Patience;

    private async Task<bool> IsSlow(Task sending, TimeSpan patience)
    {
        if (sending.IsCompleted)
            return false;
        Interlocked.Increment(ref _awaited);
        await sending.WaitAsync(patience, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Interlocked.Decrement(ref _awaited);
        return !sending.IsCompleted;
    }

    /// <summary>Awaits the answer, decides what it leads to and records that.</summary>
    private async Task<string> Finish(LeadEvent lead, Destination destination, byte[] bytes, Turn turn, Task<Attempt?>? sending)
    {
        if (sending is null || await sending is not { } attempt)
        {
            LogDeferred(logger, lead.EventId, destination.Id);
            await recorder.Record(new RecordedAttempt(
                lead, destination.Id, RecordKind.Deferred, turn.Number, null, DeliveryStates.Retrying, turn.Step, gates.DeferDelay(destination.Id)));
            return DeliveryStates.Retrying;
        }

        var next = await Decide(lead, destination, bytes, turn, attempt);
        Log(lead, destination, attempt, turn, next);
        if (next.SwitchesOff)
            await Deactivate(destination);
        await recorder.Record(
            new RecordedAttempt(lead, destination.Id, RecordKind.Made, turn.Number, attempt, next.State, next.Step, next.Delay));
        // Whoever sees first that a check has passed writes it down; a single test proves nothing.
        if (lead.Test is not (null or LeadTests.Once))
            await availability.Wait(token => checks.Read(lead.SiteId, destination.Id, Guid.Parse(lead.LeadId), token), host.ApplicationStopping);
        return next.State;
    }

    private async Task<NextStep> Decide(LeadEvent lead, Destination destination, byte[] bytes, Turn turn, Attempt attempt)
    {
        var facts = new DeliveryFacts(DeliveryKinds.Of(lead), turn.Step, destination.IsLeadManager, turn.IsProbe, turn.WasDelivered);
        if (NextStep.DependsOnHealth(attempt, facts, options.Value))
        {
            var isDown = await availability.Wait(token => pauses.PauseIfDown(destination.Id, token), host.ApplicationStopping);
            facts = facts with { IsDown = isDown };
        }

        var next = NextStep.After(attempt, facts, options.Value, Random.Shared.NextDouble());
        return next.NeedsDeadLetter && !await deadLetters.TryPublish(lead, destination, bytes, attempt)
            ? next.WithoutDeadLetter(options.Value) : next;
    }

    private async Task Deactivate(Destination destination)
    {
        const string reason = "The receiver answered 410 Gone: it wants no more leads.";
        if (await availability.Wait(token => deactivation.Deactivate(destination, reason, token), host.ApplicationStopping))
            LogDeactivated(logger, destination.Id);
    }

    private void Log(LeadEvent lead, Destination destination, Attempt attempt, Turn turn, NextStep next)
    {
        var milliseconds = attempt.Duration.TotalMilliseconds;
        if (lead.Test is not null)
            LogFinished(logger, lead.EventId, destination.Id, attempt.Number, next.State, attempt.Answer.Summary, milliseconds);
        else if (next.State == DeliveryStates.Dead && turn.WasDelivered)
            LogReplayFailed(logger, lead.EventId, destination.Id, attempt.Number, attempt.Answer.Summary, milliseconds);
        else if (next.State == DeliveryStates.Dead)
            LogDead(logger, lead.EventId, destination.Id, attempt.Number, attempt.Answer.Summary, milliseconds);
        else if (next.State == DeliveryStates.Held)
            LogHeld(logger, lead.EventId, destination.Id, attempt.Number, attempt.Answer.Summary, milliseconds);
        else if (next.Delay is { } wait)
            LogFailed(logger, lead.EventId, destination.Id, attempt.Number, attempt.Answer.Summary, milliseconds, wait.TotalSeconds);
        else if (attempt.Number > 1 || next.State == DeliveryStates.Rejected)
            LogFinished(logger, lead.EventId, destination.Id, attempt.Number, next.State, attempt.Answer.Summary, milliseconds);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Event {MessageId} at destination {DestinationId}, attempt {Attempt}: {State} with {Answer} in {Milliseconds:0.0} ms")]
    private static partial void LogFinished(ILogger logger, Guid messageId, Guid destinationId, int attempt, string state, string answer, double milliseconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Event {MessageId} at destination {DestinationId}, attempt {Attempt} failed with {Answer} in {Milliseconds:0.0} ms; again in {Seconds:0} s")]
    private static partial void LogFailed(ILogger logger, Guid messageId, Guid destinationId, int attempt, string answer, double milliseconds, double seconds);

    [LoggerMessage(Level = LogLevel.Error, Message = "Event {MessageId} at destination {DestinationId}, attempt {Attempt} failed with {Answer} in {Milliseconds:0.0} ms; the schedule is used up, it waits in lead-dead-letters")]
    private static partial void LogDead(ILogger logger, Guid messageId, Guid destinationId, int attempt, string answer, double milliseconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Event {MessageId} at destination {DestinationId}, attempt {Attempt} failed with {Answer} in {Milliseconds:0.0} ms; the replay is given up, it was delivered before")]
    private static partial void LogReplayFailed(ILogger logger, Guid messageId, Guid destinationId, int attempt, string answer, double milliseconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Event {MessageId} at destination {DestinationId}, attempt {Attempt} failed with {Answer} in {Milliseconds:0.0} ms; held until the destination is well")]
    private static partial void LogHeld(ILogger logger, Guid messageId, Guid destinationId, int attempt, string answer, double milliseconds);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Event {MessageId} at destination {DestinationId} deferred: no room there, or it doesn't answer")]
    private static partial void LogDeferred(ILogger logger, Guid messageId, Guid destinationId);

    [LoggerMessage(Level = LogLevel.Information, Message = "Event {MessageId} at destination {DestinationId} canceled: the destination is no longer active")]
    private static partial void LogCanceled(ILogger logger, Guid messageId, Guid destinationId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Destination {DestinationId} answered 410 and was deactivated")]
    private static partial void LogDeactivated(ILogger logger, Guid destinationId);
}
