using System.ComponentModel.DataAnnotations;

namespace Router.Core.Intake;

/// <summary>Section <c>Outbox</c>: events that the broker doesn't confirm.</summary>
public sealed class OutboxOptions
{
    /// <summary>How long to wait for the database to take an event. Default 700 ms: with the wait for the broker, less than the senders' 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan CommitTimeout { get; set; } = TimeSpan.FromMilliseconds(700);
}
