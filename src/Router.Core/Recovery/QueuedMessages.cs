using System.Text.Json;
using Router.Core.Deliveries;
using Router.Core.SetAside;

namespace Router.Core.Recovery;

/// <summary>A delivery that a message of a queue names.</summary>
public sealed record QueuedDelivery(Guid EventId, Guid DestinationId);

/// <summary>What lies in RabbitMQ's queues, without its contents.</summary>
public sealed class QueuedMessages
{
    /// <summary>Accepted events, with their leads: <c>lead-events</c>, <c>lead-events-fresh</c> and <c>returned-leads</c>.</summary>
    public Dictionary<Guid, Guid?> Events { get; } = [];

    /// <summary>Retries that are due: <c>lead-retries</c>.</summary>
    public HashSet<QueuedDelivery> Retries { get; } = [];

    /// <summary>Deliveries that were given up: <c>lead-dead-letters</c>.</summary>
    public HashSet<QueuedDelivery> DeadLetters { get; } = [];

    /// <summary>Queues that hold more messages than were read.</summary>
    public List<string> Unfinished { get; } = [];

    /// <summary>Queues that somebody takes messages from: what is in hands there isn't seen.</summary>
    public List<string> Consumed { get; } = [];

    /// <summary>Notes a message; one that can't be read is left to the workers, who set it aside.</summary>
    public void Note(string queue, ReadOnlySpan<byte> message)
    {
        if (queue is RetryDelivery.QueueName or DeadLetter.QueueName)
        {
            if (Delivery(message) is { } delivery)
                (queue == RetryDelivery.QueueName ? Retries : DeadLetters).Add(delivery);
        }
        else if (MessageFacts.Of(message) is { EventId: { } id } facts)
        {
            Events[id] = facts.LeadId;
        }
    }

    private static QueuedDelivery? Delivery(ReadOnlySpan<byte> message)
    {
        try
        {
            // A dead letter begins as a retry does.
            return JsonSerializer.Deserialize<RetryDelivery>(message) is { } retry
                ? new QueuedDelivery(retry.EventId, retry.DestinationId) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
