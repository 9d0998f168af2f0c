using System.ComponentModel.DataAnnotations;

namespace Router.Core.Intake;

/// <summary>Section <c>Order</c>: the order of a lead's events. Both hosts read it.</summary>
public sealed class OrderOptions
{
    /// <summary>
    /// Whether an event waits at a destination until the earlier ones of its lead have been delivered there or given up. Default true.
    /// A destination can do without (<c>keep_order</c>).
    /// </summary>
    public bool Keep { get; set; } = true;

    /// <summary>
    /// How long Postgres may take to tell an API which event of the same lead was accepted before, by whichever API; then it goes by what
    /// it has accepted itself, and an event may overtake one that another API has just accepted. Default 400 ms: senders give up after
    /// 2 s, and RabbitMQ and the outbox need the rest.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMilliseconds(400);
}
