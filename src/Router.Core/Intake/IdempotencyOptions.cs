using System.ComponentModel.DataAnnotations;

namespace Router.Core.Intake;

/// <summary>Section <c>Incoming</c>: and how it checks requests with an <c>Idempotency-Key</c>.</summary>
public sealed class IdempotencyOptions
{
    /// <summary>
    /// How long Postgres may take to say whether a key was used for another body; then the lead is taken unchecked.
    /// Default 500 ms: senders give up after 2 s, and RabbitMQ and the outbox need the rest.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan KeyTimeout { get; set; } = TimeSpan.FromMilliseconds(500);
}
