namespace Router.Chaos;

/// <summary>What the keeper of the broker does to the router, meaning well.</summary>
internal static class BrokersKeeper
{
    private const string Policy = "limits";

    public static Task Limit(Rig rig, bool byLength) => rig.Servers.Broker.SetPolicy(
        rig.VirtualHost, Policy, "^lead-",
        byLength ? new Dictionary<string, object>(StringComparer.Ordinal) { ["max-length"] = 5 } : new Dictionary<string, object>(StringComparer.Ordinal) { ["message-ttl"] = 500 });

    public static Task Unlimit(Rig rig) => rig.Servers.Broker.ClearPolicy(rig.VirtualHost, Policy);

    public static async Task LockOut(Rig rig)
    {
        await rig.Servers.Broker.SetPermissions(rig.VirtualHost, rig.User, "");
        await rig.Servers.Broker.CloseConnections(rig.User);
    }

    public static Task LetIn(Rig rig) => rig.Servers.Broker.SetPermissions(rig.VirtualHost, rig.User, ".*");

    public static Task PutOversized(Rig rig) =>
        rig.Servers.Broker.Publish(rig.VirtualHost, "lead-events", $$"""{"event_id":"{{Guid.NewGuid()}}","lead":"{{new string('x', 2 * Rig.LargestMessage)}}"}""");
}
