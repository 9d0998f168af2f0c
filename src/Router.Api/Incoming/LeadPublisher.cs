using Microsoft.Extensions.Options;
using Router.Core.Intake;
using Router.Core.Leads;
using Router.Core.Telemetry;
using Router.Hosting;
using Router.Hosting.ApiSettings;

namespace Router.Api.Incoming;

/// <summary>
/// Makes an accepted event durable: confirmed by the broker or, while it doesn't confirm, kept in the outbox. Only if neither takes it
/// does the sender hear that it is lost.
/// </summary>
internal sealed partial class LeadPublisher(
    EventQueue queue, LeadOutbox outbox, OutboxRelay relay, EventSequence sequence, IOptions<IncomingOptions> options, TimeProvider time,
    IntakeMetrics metrics, ILogger<LeadPublisher> logger)
{
    /// <summary>With what we add to it the event would be more than <see cref="IncomingOptions.MaxEventBytes"/>.</summary>
    public static readonly IncomingError TooLarge = new(
        StatusCodes.Status413PayloadTooLarge,
        "With the default source and time of each of its activities this is too large an event; "
        + "send fewer activities at a time, or give them a shorter source.");

    // What a request's headers may be, and as much again.
    private const int MostBesideLead = 64 * 1024;

    private static readonly TimeSpan AfterVain = TimeSpan.FromSeconds(2);

    private long _keptInVainAt = long.MinValue / 2;

    /// <summary>Null once the event is durable; else the answer for the sender.</summary>
    /// <param name="lead">The event.</param>
    /// <param name="isRepetition">Whether the same request was accepted before.</param>
    public async ValueTask<IncomingError?> Publish(LeadEvent lead, bool isRepetition)
    {
        using var span = PublishTraces.Begin(LeadEvent.QueueName, lead);
        if (span is not null)
            lead = lead with { TraceParent = span.Id };

        // Before it is kept anywhere: neither the broker nor a worker takes a message of any size. Most needn't be written for that.
        if (lead.Lead.Utf8.Length + MostBesideLead > options.Value.MaxEventBytes
            && LeadMessage.Of(lead with { Follows = Guid.Empty }).Utf8.Length > options.Value.MaxEventBytes)
            return TooLarge;

        (lead, var entered) = await sequence.Place(lead, isRepetition);
        var message = LeadMessage.Of(lead);

        // Behind those that wait already, so that none overtakes an earlier one; and without a wait for a broker that is known to be away.
        // Unless it is the outbox that was away a moment ago.
        string? unconfirmed = null, unkept = null;
        var isBehind = relay.IsBehind && time.GetElapsedTime(Volatile.Read(ref _keptInVainAt)) > AfterVain;
        var isStored = isBehind
            ? (unkept = await TryKeep(lead, message)) is null || (unconfirmed = await TryBroker(lead, message)) is null
            : (unconfirmed = await TryBroker(lead, message)) is null || (unkept = await TryKeep(lead, message)) is null;
        if (!isStored)
        {
            span?.Fail("not_stored");
            LogNotStored(logger, lead.EventId, lead.SiteId, unconfirmed!, unkept!);
            return new IncomingError(StatusCodes.Status503ServiceUnavailable, "The lead could not be stored; send it again.");
        }

        await entered;
        var isInOutbox = isBehind ? unkept is null : unconfirmed is not null;
        span?.SetTag("lead_router.stored_in", isInOutbox ? "outbox" : "rabbitmq");
        metrics.Accept(lead.Action, isInOutbox);
        LogAccepted(logger, lead.EventId, lead.SiteId, lead.Action.Text(), lead.Product);
        return null;
    }

    /// <summary>Null when RabbitMQ confirmed it; else why it didn't.</summary>
    private async ValueTask<string?> TryBroker(LeadEvent lead, LeadMessage message)
    {
        // Not an exception for each lead of an outage, which is when there is the least time for one.
        if (queue.WhyClosed is { } closed)
            return closed;

        try
        {
            // Not tied to the request: a sender that hangs up early has still sent a lead. And not canceled: what is on its way may arrive.
            var confirmed = queue.Publish(message);
            if (!confirmed.IsCompletedSuccessfully)
                await confirmed.AsTask().WaitAsync(options.Value.ConfirmTimeout, time);
            return null;
        }
#pragma warning disable CA1031 // Whatever went wrong, the event isn't confirmed.
        catch (Exception failed)
        {
            LogNotConfirmed(logger, lead.EventId, lead.SiteId, failed.GetType().Name);
            return failed.GetType().Name;
        }
#pragma warning restore CA1031
    }

    /// <summary>Null when the outbox has it; else why it hasn't.</summary>
    private async ValueTask<string?> TryKeep(LeadEvent lead, LeadMessage message)
    {
        relay.FallBehind();
        try
        {
            await outbox.Keep(message);
            relay.Wake();
            return null;
        }
#pragma warning disable CA1031 // Whatever went wrong, the event isn't kept.
        catch (Exception failed)
        {
            Volatile.Write(ref _keptInVainAt, time.GetTimestamp());
            return failed.GetType().Name;
        }
#pragma warning restore CA1031
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Event {MessageId} of site {SiteId} accepted: {Action} from {Product}")]
    private static partial void LogAccepted(ILogger logger, Guid messageId, Guid siteId, string action, string product);

    // The relay's warnings say once what these say of each event.
    [LoggerMessage(Level = LogLevel.Debug, Message = "Event {MessageId} of site {SiteId} was not confirmed by RabbitMQ ({Exception})")]
    private static partial void LogNotConfirmed(ILogger logger, Guid messageId, Guid siteId, string exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "Event {MessageId} of site {SiteId} could be stored neither in RabbitMQ "
        + "({BrokersReason}) nor in Postgres ({DatabasesReason}); the sender got 503")]
    private static partial void LogNotStored(
        ILogger logger, Guid messageId, Guid siteId, string brokersReason, string databasesReason);
}
