using System.Text.Json;
using Dapper;
using Npgsql;

namespace Router.Core.Search;

/// <summary>A lead in the file of a person: each message of it, to whom it was sent and when, and what was answered.</summary>
internal static class ExportedLead
{
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
            await SentTo(json, connection, id);
            json.WriteEndArray();
            json.WriteEndObject();
            await flush();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static async Task SentTo(Utf8JsonWriter json, NpgsqlConnection connection, Guid id)
    {
        var deliveries = await connection.QueryAsync<Delivery>(
            """
            select x.id as destination_id, n.name, n.url, d.state
            from lead_events e cross join unnest(e.destinations) x (id) join destinations n on n.id = x.id
            left join deliveries d on d.destination_id = x.id and d.accepted_at = e.accepted_at and d.event_id = e.id
            where e.id = @id
            """, new { id });
        var attempts = (await connection.QueryAsync<Attempt>(
            """
            select d.destination_id, d.attempt as number, d.started_at, d.result, d.status, d.error, d.response_body
            from lead_events e cross join unnest(e.destinations) x (id)
            join deliveries d on d.destination_id = x.id and d.accepted_at = e.accepted_at and d.event_id = e.id
            where e.id = @id and d.attempt is not null
            union all
            select a.destination_id, a.attempt, a.started_at, a.result, a.status, a.error, a.response_body
            from delivery_attempts a where a.event_id = @id
            order by 2
            """, new { id })).ToLookup(row => row.DestinationId);
        foreach (var delivery in deliveries)
            Sent(json, delivery, attempts[delivery.DestinationId]);
    }

    private static void Sent(Utf8JsonWriter json, Delivery delivery, IEnumerable<Attempt> attempts)
    {
        json.WriteStartObject();
        json.WriteString("destination", delivery.Name);
        // A path or query may hold a key.
        json.WriteString("host", Uri.TryCreate(delivery.Url, UriKind.Absolute, out var url) ? url.Host : null);
        json.WriteString("state", delivery.State ?? "planned");
        json.WriteStartArray("attempts");
        foreach (var attempt in attempts)
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

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private sealed record Event(
        Guid Id, string Action, DateTimeOffset AcceptedAt, string Product, string SourceSystem, byte[]? Body);

    private sealed record Delivery(Guid DestinationId, string Name, string Url, string? State);

    private sealed record Attempt(
        Guid DestinationId, int Number, DateTimeOffset StartedAt, string Result, short? Status, string? Error,
        byte[]? ResponseBody);
}
