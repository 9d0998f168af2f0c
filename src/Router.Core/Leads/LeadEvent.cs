using System.Text.Json.Serialization;

namespace Router.Core.Leads;

/// <summary>
/// One accepted request, as it waits in the queue <see cref="QueueName"/>. Its JSON is a contract between the two hosts
/// and what an operator reads in the RabbitMQ dashboard.
/// </summary>
public sealed record LeadEvent
{
    /// <summary>The quorum queue, and the exchange in front of it.</summary>
    public const string QueueName = "lead-events";

    /// <summary>
    /// The quorum queue that takes fresh events while a backlog waits in <see cref="QueueName"/> and workers are there: what comes now
    /// needn't wait for it.
    /// </summary>
    public const string FreshQueueName = "lead-events-fresh";

    /// <summary>
    /// The quorum queue of large events. Workers take few of them at a time: as an object an event takes several times its size in memory,
    /// and filters may look at it for a quarter of a second.
    /// </summary>
    public const string LargeQueueName = "lead-events-large";

    /// <summary>A message is large from here on, in bytes. Hardly any is.</summary>
    public const int Large = 16 * 1024;

    /// <summary>Whether it may be one of those; what else is in its message is small.</summary>
    [JsonIgnore]
    internal bool MayBeLarge => Lead.Utf8.Length > Large / 2;

    /// <summary>All three.</summary>
    public static readonly IReadOnlyList<string> Queues = [QueueName, FreshQueueName, LargeQueueName];

    /// <summary>The message id that receivers see; a UUID whose first 48 bits are a time, so that ids sort by age.</summary>
    [JsonPropertyName("event_id")]
    public required Guid EventId { get; init; }

    /// <summary>The site that the lead belongs to.</summary>
    [JsonPropertyName("site_id")]
    public required Guid SiteId { get; init; }

    /// <summary>What happened.</summary>
    [JsonPropertyName("action")]
    public required LeadAction Action { get; init; }

    /// <summary>The lead's id in the sender's spelling (with or without hyphens), or ours where it sent none; for
    /// <see cref="LeadAction.UserUpdated"/> the user's id.</summary>
    [JsonPropertyName("lead_id")]
    public required string LeadId { get; init; }

    /// <summary>When the request was accepted, UTC, whole microseconds.</summary>
    [JsonPropertyName("accepted_at")]
    public required DateTimeOffset AcceptedAt { get; init; }

    /// <summary>The username of the product that sent it.</summary>
    [JsonPropertyName("product")]
    public required string Product { get; init; }

    /// <summary>The product's display name, which receivers see as <c>source_system</c>.</summary>
    [JsonPropertyName("source_system")]
    public required string SourceSystem { get; init; }

    /// <summary>
    /// The destinations that the sender chose, by name or id, besides Lead Manager (<c>X-ROUTER-DESTINATIONS</c>); null for all.
    /// </summary>
    [JsonPropertyName("only_destinations")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? OnlyDestinations { get; init; }

    /// <summary>
    /// The id that the same request had on the day before; null without an Idempotency-Key. An event of that id within 24 hours makes
    /// this one a repetition.
    /// </summary>
    [JsonPropertyName("repeats")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Guid? Repeats { get; init; }

    /// <summary>
    /// The event of the same lead or user that was accepted just before; null when there was none lately. It may not be planned yet.
    /// </summary>
    [JsonPropertyName("follows")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Guid? Follows { get; init; }

    /// <summary>
    /// What the event is about: its lead's id whatever its spelling, or what stands for a user's id, which is any text; null for news of a
    /// destination's switch.
    /// </summary>
    [JsonIgnore]
    public Guid? Subject => Uuids.TryParse(LeadId, out var id) ? id : Action == LeadAction.UserUpdated ? Uuids.Of(LeadId) : null;

    /// <summary>What a test lead of a destination tests; null for a lead.</summary>
    [JsonPropertyName("test")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LeadTest? Test { get; init; }

    /// <summary>
    /// Of a lead that has a trace the span that is continued next, as W3C's <c>traceparent</c>; null for all others. Here rather than in a
    /// header: so it gets wherever the event does.
    /// </summary>
    [JsonPropertyName("traceparent")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TraceParent { get; init; }

    /// <summary>The request's body as it came.</summary>
    [JsonPropertyName("lead")]
    public required RawJson Lead { get; init; }
}
