using System.Text.Json;
using Dapper;
using Npgsql;

namespace Router.Core.Search;

/// <summary>A lead in the file of a person: each message of it, to whom it was sent and when, and what was answered.</summary>
internal static class ExportedLead
{
    // Each may have an answer of 16 KiB, and there is no end to them: a delivery can be replayed again and again.
    private const int AttemptsAtOnce = 50;

    public static async Task Write(
        Utf8JsonWriter json, NpgsqlConnection connection, LeadOfPerson lead, string? site, Func<Task> flush)
    {
        json.WriteStartObject();
        json.WriteString("site_id", lead.SiteId);
        json.WriteString("site", site);
        json.WriteString(lead.IsUser ? "user" : "lead_id", lead.LeadId);
        json.WriteStartArray("events");
        foreach (var id in await connection.QueryAsync<Guid>(
            "select id from lead_events where site_id = @SiteId and lead_id = @LeadId order by accepted_at", lead))
        {
            // One at a time: each may have a megabyte, and many answers. Erased meanwhile it isn't there.
            if (await connection.QuerySingleOrDefaultAsync<Event>(
                """
                select id, action, accepted_at, product, source_system, body from lead_events
                where id = @id and site_id = @SiteId and lead_id = @LeadId
                """, new { id, lead.SiteId, lead.LeadId }) is not { } one)
                continue;

            json.WriteStartObject();
            json.WriteString("event_id", one.Id);
            json.WriteString("what", one.Action);
            json.WriteString("accepted_at", one.AcceptedAt);
            json.WriteString("sent_by", one.SourceSystem);
            ExportedContents.Write(json, one.Body);
            json.WriteStartArray("sent_to");
            await SentTo(json, connection, id, flush);
            json.WriteEndArray();
            json.WriteEndObject();
            await flush();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static async Task SentTo(Utf8JsonWriter json, NpgsqlConnection connection, Guid id, Func<Task> flush)
    {
        foreach (var delivery in await connection.QueryAsync<Delivery>(
            """
            select x.id as destination_id, n.name, n.url, d.state
            from lead_events e cross join unnest(e.destinations) x (id) join destinations n on n.id = x.id
            left join deliveries d on d.destination_id = x.id and d.accepted_at = e.accepted_at and d.event_id = e.id
            where e.id = @id
            """, new { id }))
        {
            json.WriteStartObject();
            json.WriteString("destination", delivery.Name);
            // A path or query may hold a key.
            json.WriteString("host", Uri.TryCreate(delivery.Url, UriKind.Absolute, out var url) ? url.Host : null);
            json.WriteString("state", delivery.State ?? "planned");
            json.WriteStartArray("attempts");
            await foreach (var attempt in Attempts(connection, id, delivery.DestinationId))
            {
                Write(json, attempt);
                await flush();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }
    }

    /// <summary>
    /// All of them, oldest first, a part at a time. One query for all would hold the ledger's day for as long as somebody reads the file,
    /// and nobody could delete its contents meanwhile.
    /// </summary>
    private static async IAsyncEnumerable<Attempt> Attempts(NpgsqlConnection connection, Guid id, Guid destination)
    {
        // Those with the last number of a part are all in it: the next begins behind that number.
        const string sql = """
            select number, started_at, result, status, error, response_body from (
                select d.attempt as number, d.started_at, d.result, d.status, d.error, d.response_body
                from lead_events e
                join deliveries d on d.destination_id = @destination and d.accepted_at = e.accepted_at and d.event_id = e.id
                where e.id = @id and d.attempt > @after
                union all
                (select attempt, started_at, result, status, error, response_body from delivery_attempts
                 where event_id = @id and destination_id = @destination and attempt > @after
                 order by attempt fetch first (@AttemptsAtOnce) rows with ties)
                order by number fetch first (@AttemptsAtOnce) rows with ties) part
            order by number, started_at
            """;
        List<Attempt> part;
        var after = 0;
        do
        {
            part = (await connection.QueryAsync<Attempt>(sql, new { id, destination, after, AttemptsAtOnce })).AsList();
            foreach (var attempt in part)
                yield return attempt;
            after = part.Count == 0 ? after : part[^1].Number;
        }
        while (part.Count >= AttemptsAtOnce);
    }

    private static void Write(Utf8JsonWriter json, Attempt attempt)
    {
        json.WriteStartObject();
        json.WriteNumber("attempt", attempt.Number);
        json.WriteString("at", attempt.StartedAt);
        json.WriteString("result", attempt.Result);
        if (attempt.Status is { } status)
            json.WriteNumber("status", status);
        if (attempt.Error is not null)
            json.WriteString("error", attempt.Error);
        if (attempt.ResponseBody is { Length: > 0 } answer)
            json.WriteString("answer", System.Text.Encoding.UTF8.GetString(answer));
        json.WriteEndObject();
    }

    private sealed record Event(
        Guid Id, string Action, DateTimeOffset AcceptedAt, string Product, string SourceSystem, byte[]? Body);

    private sealed record Delivery(Guid DestinationId, string Name, string Url, string? State);

    private sealed record Attempt(
        int Number, DateTimeOffset StartedAt, string Result, short? Status, string? Error, byte[]? ResponseBody);
}
