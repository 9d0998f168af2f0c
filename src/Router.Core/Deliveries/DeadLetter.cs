using System.Text.Json.Serialization;
using Router.Core.Leads;

namespace Router.Core.Deliveries;

/// <summary>
/// A delivery whose schedule is used up, as an operator reads it in the queue <see cref="QueueName"/>. Moving it to
/// <see cref="RetryDelivery.QueueName"/> replays it.
/// </summary>
public sealed record DeadLetter
{
    /// <summary>The quorum queue, and the exchange in front of it.</summary>
    public const string QueueName = "lead-dead-letters";

    /// <summary>The event, which receivers know as the message id.</summary>
    [JsonPropertyName("event_id")]
    public required Guid EventId { get; init; }

    /// <summary>The destination that didn't take it.</summary>
    [JsonPropertyName("destination_id")]
    public required Guid DestinationId { get; init; }

    /// <summary>The destination's name.</summary>
    [JsonPropertyName("destination_name")]
    public required string DestinationName { get; init; }

    /// <summary>The site.</summary>
    [JsonPropertyName("site_id")]
    public required Guid SiteId { get; init; }

    /// <summary>One of <see cref="LeadActions"/>.</summary>
    [JsonPropertyName("action")]
    public required string Action { get; init; }

    /// <summary>The lead, in the sender's spelling.</summary>
    [JsonPropertyName("lead_id")]
    public required string LeadId { get; init; }

    /// <summary>When the event was accepted.</summary>
    [JsonPropertyName("accepted_at")]
    public required DateTimeOffset AcceptedAt { get; init; }

    /// <summary>How many attempts were made.</summary>
    [JsonPropertyName("attempts")]
    public required int Attempts { get; init; }

    /// <summary>The HTTP status of the last attempt; null when there was no answer.</summary>
    [JsonPropertyName("last_status")]
    public required int? LastStatus { get; init; }

    /// <summary>Why the last attempt got no answer, for example <c>connection_refused</c>.</summary>
    [JsonPropertyName("last_error")]
    public required string? LastError { get; init; }

    /// <summary>
    /// The body in our own format, as it was sent last unless the destination has a mapping; null where it is too large for a message.
    /// </summary>
    [JsonPropertyName("body")]
    public required RawJson Body { get; init; }
}
