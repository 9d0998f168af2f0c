using System.ComponentModel.DataAnnotations;

namespace Router.Core.Intake;

/// <summary>Section <c>Outbox</c>: events that RabbitMQ didn't confirm, kept in Postgres by the API.</summary>
public sealed class OutboxOptions
{
    /// <summary>
    /// How long to wait for Postgres to store an event; then the answer is 503. Default 700 ms: with the wait for
    /// RabbitMQ less than the 2 s after which senders give up.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan CommitTimeout { get; set; } = TimeSpan.FromMilliseconds(700);
}
