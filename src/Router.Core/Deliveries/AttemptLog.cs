using Microsoft.Extensions.Logging;
using Router.Core.Leads;

namespace Router.Core.Deliveries;

/// <summary>The lines of the log about attempts. Never a lead's contents.</summary>
internal static partial class AttemptLog
{
    /// <summary>What came of an attempt. A first attempt that was delivered has no line: there are too many of them.</summary>
    public static void LogOutcome(this ILogger logger, LeadEvent lead, Guid destination, Attempt attempt, bool wasDelivered, NextStep next)
    {
        var (number, answer, milliseconds) = (attempt.Number, attempt.Answer.Summary, attempt.Duration.TotalMilliseconds);
        if (lead.Test is not null)
            LogFinished(logger, lead.EventId, destination, number, next.State.Text(), answer, milliseconds);
        else if (next.State == DeliveryState.Dead && wasDelivered)
            LogReplayFailed(logger, lead.EventId, destination, number, answer, milliseconds);
        else if (next.State == DeliveryState.Dead)
            LogDead(logger, lead.EventId, destination, number, answer, milliseconds);
        else if (next.State == DeliveryState.Held)
            LogHeld(logger, lead.EventId, destination, number, answer, milliseconds);
        else if (next.Delay is { } wait)
            LogFailed(logger, lead.EventId, destination, number, answer, milliseconds, wait.TotalSeconds);
        else if (number > 1 || next.State == DeliveryState.Rejected)
            LogFinished(logger, lead.EventId, destination, number, next.State.Text(), answer, milliseconds);
    }

    [LoggerMessage(
        Level = LogLevel.Debug,
        Message = "Event {MessageId} at destination {DestinationId} deferred: no room there, or it doesn't answer")]
    public static partial void LogDeferred(this ILogger logger, Guid messageId, Guid destinationId);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Event {MessageId} at destination {DestinationId} canceled: the destination is no longer active, or left out its lead")]
    public static partial void LogCanceled(this ILogger logger, Guid messageId, Guid destinationId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Destination {DestinationId} answered 410 and was deactivated")]
    public static partial void LogDeactivated(this ILogger logger, Guid destinationId);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Event {MessageId} at destination {DestinationId}, attempt {Attempt}: {State} with {Answer} in {Milliseconds:0.0} ms")]
    private static partial void LogFinished(
        ILogger logger, Guid messageId, Guid destinationId, int attempt, string state, string answer, double milliseconds);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Event {MessageId} at destination {DestinationId}, attempt {Attempt} failed with {Answer} in {Milliseconds:0.0} ms; "
            + "again in {Seconds:0} s")]
    private static partial void LogFailed(
        ILogger logger, Guid messageId, Guid destinationId, int attempt, string answer, double milliseconds, double seconds);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "Event {MessageId} at destination {DestinationId}, attempt {Attempt} failed with {Answer} in {Milliseconds:0.0} ms; "
            + "the schedule is used up, it waits in lead-dead-letters")]
    private static partial void LogDead(
        ILogger logger, Guid messageId, Guid destinationId, int attempt, string answer, double milliseconds);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Event {MessageId} at destination {DestinationId}, attempt {Attempt} failed with {Answer} in {Milliseconds:0.0} ms; "
            + "the replay is given up, it was delivered before")]
    private static partial void LogReplayFailed(
        ILogger logger, Guid messageId, Guid destinationId, int attempt, string answer, double milliseconds);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Event {MessageId} at destination {DestinationId}, attempt {Attempt} failed with {Answer} in {Milliseconds:0.0} ms; "
            + "held until the destination is well")]
    private static partial void LogHeld(
        ILogger logger, Guid messageId, Guid destinationId, int attempt, string answer, double milliseconds);
}
