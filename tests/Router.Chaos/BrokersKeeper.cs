namespace Router.Chaos;

/// <summary>What the keeper of the broker does to the router, meaning well.</summary>
internal static class BrokersKeeper
{
    private const string Policy = "limits";

    public static Task Limit(Rig rig, bool byLength) => Insist(() => rig.Servers.Broker.SetPolicy(
        rig.VirtualHost, Policy, "^lead-",
        byLength ? new Dictionary<string, object>(StringComparer.Ordinal) { ["max-length"] = 5 } : new Dictionary<string,
        object>(StringComparer.Ordinal) { ["message-ttl"] = 500 }));

    public static Task Unlimit(Rig rig) => Insist(() => rig.Servers.Broker.ClearPolicy(rig.VirtualHost, Policy));

    public static async Task LockOut(Rig rig)
    {
        await Insist(() => rig.Servers.Broker.SetPermissions(rig.VirtualHost, rig.User, ""));
        await Insist(() => rig.Servers.Broker.CloseConnections(rig.User));
    }

    public static Task LetIn(Rig rig) => Insist(() => rig.Servers.Broker.SetPermissions(rig.VirtualHost, rig.User, ".*"));

    public static Task PutOversized(Rig rig) => Insist(() =>
        rig.Servers.Broker.Publish(rig.VirtualHost, "lead-events",
            $$"""{"event_id":"{{Guid.NewGuid()}}","lead":"{{new string('x', 2 * Rig.LargestMessage)}}"}"""));

    /// <summary>A broker that was killed a moment ago has hung up, and may not answer yet.</summary>
    private static async Task Insist(Func<Task> request)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                await request();
                return;
            }
            catch (HttpRequestException) when (tries < 60)
            {
                await Task.Delay(500);
            }
        }
    }
}
