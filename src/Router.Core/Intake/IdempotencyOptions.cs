using System.ComponentModel.DataAnnotations;

namespace Router.Core.Intake;

/// <summary>Section <c>Incoming</c>: requests with an <c>Idempotency-Key</c>.</summary>
public sealed class IdempotencyOptions
{
    /// <summary>
    /// How long Postgres may take to say whether a key was used for another body, before the lead is taken unchecked. Default 500 ms: the sender gives up
    /// after 2 s, and broker and outbox need the rest.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan KeyTimeout { get; set; } = TimeSpan.FromMilliseconds(500);
}
