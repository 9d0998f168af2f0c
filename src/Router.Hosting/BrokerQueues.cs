using Router.Core.Deliveries;
using Router.Core.Leads;

namespace Router.Hosting;

/// <summary>
/// The router's queues and what RabbitMQ is told about them. Both hosts declare them alike, or the second one would be refused.
/// </summary>
internal static class BrokerQueues
{
    /// <summary>
    /// What RabbitMQ gives up by itself ends here instead of nowhere. The API takes it out and publishes it again. Its name begins unlike
    /// the others': a policy on <c>^lead-</c> that lets messages expire would let them expire here, too, and that for good.
    /// </summary>
    public const string Returned = "returned-leads";

    /// <summary>Those that workers consume.</summary>
    public static readonly string[] Consumed = [.. LeadEvent.Queues, RetryDelivery.QueueName];

    /// <summary>All of them; first what the others need.</summary>
    public static readonly string[] All = [Returned, .. Consumed, DeadLetter.QueueName];

    /// <summary>Where MassTransit puts messages by itself, and where people of its school look for them.</summary>
    public static readonly string[] Errors = [.. Consumed.SelectMany(queue => new[] { $"{queue}_error", $"{queue}_skipped" })];

    /// <summary>
    /// Arguments of a queue. A policy of the broker's keeper can tighten a limit, but can't change what happens beyond it.
    /// </summary>
    public static Dictionary<string, object?> Arguments(string queue)
    {
        var arguments = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["x-queue-type"] = "quorum",
            // From RabbitMQ 4 on a message is dropped after 20 redeliveries unless the queue says otherwise. Not -1, which means no limit
            // there: 3.10 accepts it and then drops a message at its first return. A limit that is never reached works in all versions, and
            // survives an upgrade.
            ["x-delivery-limit"] = int.MaxValue,
            // A full queue refuses what is published instead of dropping what it has.
            ["x-overflow"] = "reject-publish",
        };
        if (queue == Returned)
            return arguments;

        arguments["x-dead-letter-exchange"] = "";
        arguments["x-dead-letter-routing-key"] = Returned;
        // Only once it has arrived there is it gone here.
        arguments["x-dead-letter-strategy"] = "at-least-once";
        return arguments;
    }
}
