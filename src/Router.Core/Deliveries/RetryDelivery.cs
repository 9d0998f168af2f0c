using System.Text.Json.Serialization;

namespace Router.Core.Deliveries;

/// <summary>
/// One retry that is due, as it waits in the queue <see cref="QueueName"/>. A <see cref="DeadLetter"/> moved into that queue
/// reads as one without a number: that is a replay.
/// </summary>
public sealed record RetryDelivery
{
    /// <summary>The quorum queue, and the exchange in front of it.</summary>
    public const string QueueName = "lead-retries";

    /// <summary>The event.</summary>
    [JsonPropertyName("event_id")]
    public required Guid EventId { get; init; }

    /// <summary>The destination.</summary>
    [JsonPropertyName("destination_id")]
    public required Guid DestinationId { get; init; }

    /// <summary>The number of the attempt to make; claimed once. Null: replay a dead delivery.</summary>
    [JsonPropertyName("attempt")]
    public int? Attempt { get; init; }

    /// <summary>How many bytes its lead has; null where that is few, or nobody has looked.</summary>
    [JsonPropertyName("bytes")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Bytes { get; init; }
}
