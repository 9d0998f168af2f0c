using System.Text.Json;
using Dapper;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Looks through all that a router keeps: every column of every table, every queue, and what its hosts have printed.</summary>
internal static class EverywhereKept
{
    /// <summary>Where any of these texts stands: <c>table.column</c>, <c>queue NAME</c> or <c>log: MESSAGE</c>.</summary>
    public static async Task<SortedSet<string>> Places(RouterFixture router, params string[] markers)
    {
        var places = new SortedSet<string>(StringComparer.Ordinal);
        await using var database = await router.OpenDatabase();
        // Partitions too: what lies in one is no less there. Bytes as text, with what isn't ASCII as numbers.
        var columns = await database.QueryAsync<(string Table, string Column, string Type)>(
            """
            select table_name, column_name, data_type from information_schema.columns
            where table_schema = 'public' and table_name in (
                select relname from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace)
            """);
        foreach (var (table, column, type) in columns.AsList())
        {
            var text = type == "bytea" ? $"encode(\"{column}\", 'escape')" : $"\"{column}\"::text";
            if (await database.ExecuteScalarAsync<bool>(
                $"select exists (select from \"{table}\" where {text} ilike any (@patterns))",
                new { patterns = markers.Select(marker => $"%{marker}%").ToArray() }))
                places.Add($"{Parent(table)}.{column}");
        }

        foreach (var queue in (await router.Broker.Queues(router.VirtualHost)).EnumerateArray()
            .Select(queue => queue.GetProperty("name").GetString()!))
        {
            var messages = await router.Broker.Peek(router.VirtualHost, queue);
            if (messages.EnumerateArray().Any(message => Holds(message, markers)))
                places.Add($"queue {queue}");
        }

        foreach (var line in router.Output.Split('\n').Where(line => markers.Any(
            marker => line.Contains(marker, StringComparison.OrdinalIgnoreCase))))
            places.Add($"log: {Template(line)}");
        return places;
    }

    private static string Template(string line)
    {
        try
        {
            return JsonDocument.Parse(line).RootElement.GetProperty("MessageTemplate").GetString()!;
        }
        catch (JsonException)
        {
            return "a line that is no JSON";
        }
    }

    private static bool Holds(JsonElement message, string[] markers) =>
        markers.Any(marker => message.GetProperty("payload").GetString()!.Contains(marker, StringComparison.OrdinalIgnoreCase));

    // lead_events_20261127, event_register_1 and the like.
    private static string Parent(string table) =>
        System.Text.RegularExpressions.Regex.Replace(table, @"_(default|\d+)$", "");
}
