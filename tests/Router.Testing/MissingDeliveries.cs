using System.Text.Json;
using Dapper;
using Npgsql;

namespace Router.Testing;

/// <summary>Looks for deliveries that there should be, and aren't.</summary>
internal static class MissingDeliveries
{
    /// <summary>
    /// After everything that any test did here: the statement balances, and each planned destination of each event has its delivery, or the
    /// broker still holds the event. The latter of the tables, as the statement looks away for a day.
    /// </summary>
    public static async Task AssertNone(RouterFixture router)
    {
        try
        {
            Assert.Equal(0, await router.Query<long>(
                """
                select count(*) from statement
                where missing <> 0 or received <> delivered + rejected + retrying + held + dead + canceled + skipped
                """));
            List<Guid> missing = [];
            // What a host had in hand when it was killed is back in its queue a moment later.
            for (var i = 0; i < 50 && (missing = await Planned(router)).Count > 0; i++)
            {
                var held = await EventsInQueues(router);
                missing.RemoveAll(held.Contains);
                if (missing.Count == 0)
                    return;
                await Task.Delay(100);
            }

            Assert.True(missing.Count == 0,
                $"The ledger misses deliveries of {missing.Count} events, and no queue holds them: {string.Join(", ", missing.Take(3))}");
        }
        catch (Exception gone) when (gone is NpgsqlException { IsTransient: true } or HttpRequestException)
        {
            // The test has stopped its servers.
        }
    }

    /// <summary>Events that have no row for one of their destinations.</summary>
    private static async Task<List<Guid>> Planned(RouterFixture router)
    {
        await using var database = await router.OpenDatabase();
        return (await database.QueryAsync<Guid>(
            """
            select distinct e.id from lead_events e cross join unnest(e.destinations) x (id)
            where not exists (select from deliveries d where d.event_id = e.id and d.destination_id = x.id)
            """)).AsList();
    }

    private static async Task<HashSet<Guid>> EventsInQueues(RouterFixture router)
    {
        var held = new HashSet<Guid>();
        var queues = (await router.Broker.Queues(router.VirtualHost)).EnumerateArray();
        foreach (var queue in queues.Select(queue => queue.GetProperty("name").GetString()!))
        {
            if (queue.StartsWith("lead-events", StringComparison.Ordinal))
                held.UnionWith((await router.Broker.Peek(router.VirtualHost, queue)).EnumerateArray().Select(EventId));
        }

        return held;
    }

    private static Guid EventId(JsonElement message)
    {
        try
        {
            var payload = JsonSerializer.Deserialize<JsonElement>(message.GetProperty("payload").GetString()!);
            return payload.GetProperty("event_id").GetGuid();
        }
        catch (Exception unreadable) when (
            unreadable is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            // A test has put it there.
            return Guid.Empty;
        }
    }
}
