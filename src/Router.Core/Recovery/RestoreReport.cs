using System.Text.Json.Serialization;

namespace Router.Core.Recovery;

/// <summary>What was found, and the first of it.</summary>
/// <param name="Count">How many there are.</param>
/// <param name="Items">The first ten thousand.</param>
public sealed record Findings<T>(long Count, IReadOnlyList<T> Items);

/// <summary>A delivery of the ledger.</summary>
/// <param name="EventId">The message id that its receiver sees.</param>
/// <param name="DestinationId">The destination.</param>
/// <param name="SiteId">Its site.</param>
/// <param name="AcceptedAt">When its event was accepted.</param>
public sealed record LedgerDelivery(Guid EventId, Guid DestinationId, Guid SiteId, DateTimeOffset AcceptedAt);

/// <summary>An event that was accepted, and is in no ledger.</summary>
/// <param name="EventId">The message id that receivers would see.</param>
/// <param name="SiteId">Its site; null where only its <c>Idempotency-Key</c> is known.</param>
/// <param name="LeadId">Its lead (what stands for a user's id in news of users); null likewise.</param>
/// <param name="AcceptedAt">When it was accepted; null of one that only a later event of its lead names.</param>
public sealed record LostEvent(Guid EventId, Guid? SiteId, Guid? LeadId, DateTimeOffset? AcceptedAt);

/// <summary>
/// How Postgres and RabbitMQ fit together after one of them was restored or lost. All of it is as of the moment of the look, while no
/// worker runs.
/// </summary>
public sealed record RestoreReport
{
    /// <summary>The latest that a worker wrote; what happened after it, Postgres doesn't know. Null for an empty ledger.</summary>
    [JsonPropertyName("known_until")]
    public required DateTimeOffset? KnownUntil { get; init; }

    /// <summary>Retrying or held: they are sent, those that arrived after <see cref="KnownUntil"/> a second time.</summary>
    [JsonPropertyName("waiting")]
    public required Findings<LedgerDelivery> Waiting { get; init; }

    /// <summary>Events of the outbox: published, those that RabbitMQ had by then a second time.</summary>
    [JsonPropertyName("outbox")]
    public required Findings<Guid> Outbox { get; init; }

    /// <summary>Events in RabbitMQ that the ledger doesn't know: planned and sent, perhaps a second time.</summary>
    [JsonPropertyName("queued")]
    public required Findings<Guid> Queued { get; init; }

    /// <summary>Planned, without an outcome, and in RabbitMQ: sent, perhaps a second time.</summary>
    [JsonPropertyName("queued_again")]
    public required Findings<LedgerDelivery> QueuedAgain { get; init; }

    /// <summary>Planned, without an outcome, and nowhere else: nobody sends them until <see cref="PlannedDeliveries"/> does.</summary>
    [JsonPropertyName("orphans")]
    public required Findings<LedgerDelivery> Orphans { get; init; }

    /// <summary>
    /// Accepted (or just then refused with 503), by the register of the last minutes or by an <c>Idempotency-Key</c> of the last day, and
    /// in neither of the two: their senders must send them again.
    /// </summary>
    [JsonPropertyName("lost")]
    public required Findings<LostEvent> Lost { get; init; }

    /// <summary>Retries in RabbitMQ of events that the ledger doesn't know: they didn't arrive, and nothing comes of them.</summary>
    [JsonPropertyName("forgotten_retries")]
    public required Findings<QueuedDelivery> ForgottenRetries { get; init; }

    /// <summary>The same of dead letters; these hold the lead.</summary>
    [JsonPropertyName("forgotten_dead_letters")]
    public required Findings<QueuedDelivery> ForgottenDeadLetters { get; init; }

    /// <summary>Of the ids that were asked for, those that neither of the two knows; null when none were asked for.</summary>
    [JsonPropertyName("unknown")]
    public IReadOnlyList<Guid>? Unknown { get; init; }

    /// <summary>Queues of which not all was read.</summary>
    [JsonPropertyName("unfinished")]
    public required IReadOnlyList<string> Unfinished { get; init; }

    /// <summary>Queues that workers take from: what they have in hand isn't seen.</summary>
    [JsonPropertyName("consumed")]
    public required IReadOnlyList<string> Consumed { get; init; }

    /// <summary>Whether somebody has to do something.</summary>
    [JsonIgnore]
    public bool NeedsSomebody =>
        Orphans.Count + Lost.Count + ForgottenRetries.Count + ForgottenDeadLetters.Count + (Unknown?.Count ?? 0) + Consumed.Count > 0;
}
