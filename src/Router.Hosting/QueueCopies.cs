using System.Text.Json;

namespace Router.Hosting;

/// <summary>On how many nodes of a cluster a quorum queue is, and whether they are there.</summary>
internal static class QueueCopies
{
    // What RabbitMQ makes of a queue in a cluster of three or more.
    private const int Usual = 3;

    /// <summary>Null where it has all of them.</summary>
    /// <param name="queue">As the management API tells of it.</param>
    /// <param name="nodes">How many nodes the cluster has.</param>
    public static BrokerFinding? Lack(JsonElement queue, int nodes)
    {
        if (Names(queue, "members") is not { Count: > 0 } members || Names(queue, "online") is not { } online)
            return null;

        var name = queue.GetProperty("name").GetString();
        if (members.Except(online, StringComparer.Ordinal).ToList() is { Count: > 0 } away)
            return new(
                $"The queue {name} has {members.Count - away.Count} of its {members.Count} copies: {string.Join(", ", away)} is away.",
                "Bring that node of RabbitMQ back. Leads go on as long as more than half of the copies are there.",
                FindingWeight.Weakness);

        return members.Count >= Math.Min(nodes, Usual) ? null : new(
            $"The queue {name} has {members.Count} of {Math.Min(nodes, Usual)} copies, for RabbitMQ had fewer nodes when it was made: "
            + "what is in it doesn't survive the loss of a node.",
            "Run rabbitmq-queues grow NODE all for each node that has none (docs/operators.md).");
    }

    private static List<string>? Names(JsonElement queue, string property) =>
        queue.TryGetProperty(property, out var names) && names.ValueKind is JsonValueKind.Array
            ? [.. names.EnumerateArray().Select(name => name.GetString()!)] : null;
}
