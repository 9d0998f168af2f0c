using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Router.Hosting;

/// <summary>
/// What the policies of the broker's keeper do to the router's queues. Matched here by their patterns: what RabbitMQ itself says of a queue
/// comes seconds late, and for a queue that was never used not at all.
/// </summary>
internal sealed class QueuePolicies(JsonElement policies, JsonElement operatorPolicies)
{
    // Above this nobody will ever see it.
    private const long DeliveryLimit = 10_000;

    // Leads wait unacknowledged while Postgres is away.
    private const long ConsumerTimeout = 5 * 60 * 1000;

    /// <summary>What would hold up or endanger leads.</summary>
    public IEnumerable<BrokerFinding> Dangers(string queue)
    {
        foreach (var (policy, isOperators) in new[] { (Of(queue, policies), false), (Of(queue, operatorPolicies), true) })
        {
            if (policy is not { } found)
                continue;

            var name = found.GetProperty("name").GetString();
            foreach (var setting in found.GetProperty("definition").EnumerateObject())
            {
                if (Danger(queue, setting) is { } words)
                {
                    yield return new(
                        $"The {(isOperators ? "operator policy" : "policy")} {name} sets "
                        + $"{setting.Name} to {setting.Value} on {queue}: {words}",
                        "Remove the setting, or the policy: "
                        + $"rabbitmqctl {(isOperators ? "clear_operator_policy" : "clear_policy")} {name}.");
                }
            }
        }
    }

    /// <summary>
    /// Whether a policy gives the queue what its argument should: so that a queue of an older version needn't be made anew.
    /// </summary>
    public bool Supplies(string queue, string argument) =>
        Of(queue, policies) is { } policy && policy.GetProperty("definition").TryGetProperty(argument["x-".Length..], out _);

    private static string? Danger(string queue, JsonProperty setting) => setting.Name switch
    {
        "max-length" or "max-length-bytes" => "beyond that RabbitMQ refuses leads, and they wait in the outbox.",
        // Nothing is behind this queue.
        "overflow" when queue == BrokerQueues.Returned && setting.Value.ToString() != "reject-publish" =>
            "a full queue drops its oldest leads: they are LOST.",
        "message-ttl" when queue == BrokerQueues.Returned =>
            "leads that the API has not taken from it within so many milliseconds are LOST.",
        "delivery-limit" when queue == BrokerQueues.Returned && Number(setting) is >= 0 and < DeliveryLimit =>
            "leads that the API gave back so often are LOST.",
        "overflow" when setting.Value.ToString() != "reject-publish" =>
            "a full queue drops its oldest leads; they have to be published again.",
        "message-ttl" => "a lead that waits longer leaves the queue and has to be published again.",
        "expires" => "RabbitMQ DELETES the queue and all leads in it when no worker has used it for so many milliseconds.",
        "delivery-limit" when Number(setting) is >= 0 and < DeliveryLimit =>
            "a lead that workers gave back so often leaves the queue and has to be published again.",
        "consumer-timeout" when Number(setting) is < ConsumerTimeout =>
            "a worker that waits for Postgres for so many milliseconds loses its connection.",
        _ => null,
    };

    private static long? Number(JsonProperty setting) =>
        long.TryParse(setting.Value.ToString(), CultureInfo.InvariantCulture, out var number) ? number : null;

    // The one with the highest priority counts, and no other.
    private static JsonElement? Of(string queue, JsonElement policies)
    {
        JsonElement? best = null;
        foreach (var policy in policies.EnumerateArray())
        {
            if (policy.GetProperty("apply-to").GetString() is "all" or "queues" or "quorum_queues"
                && Matches(policy.GetProperty("pattern").GetString()!, queue)
                && (best is null || Priority(policy) > Priority(best.Value)))
                best = policy;
        }

        return best;
    }

    private static long Priority(JsonElement policy) => policy.TryGetProperty("priority", out var priority) ? priority.GetInt64() : 0;

    private static bool Matches(string pattern, string queue)
    {
        try
        {
            return Regex.IsMatch(queue, pattern, RegexOptions.None, TimeSpan.FromMilliseconds(100));
        }
        catch (Exception unreadable) when (unreadable is ArgumentException or RegexMatchTimeoutException)
        {
            // Erlang's patterns are nearly ours. Better a look too many.
            return true;
        }
    }
}
