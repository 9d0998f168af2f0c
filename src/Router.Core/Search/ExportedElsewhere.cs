using System.Text.Json;
using Dapper;
using Npgsql;

namespace Router.Core.Search;

/// <summary>What isn't in the ledger, in the file of a person: what was refused, set aside, or waits for RabbitMQ.</summary>
internal static class ExportedElsewhere
{
    public static async Task Refused(
        Utf8JsonWriter json, NpgsqlConnection connection, FoundPerson found, Func<byte[], byte[]?> decrypt, Func<Task> flush)
    {
        json.WriteStartArray("refused");
        await foreach (var row in connection.QueryUnbufferedAsync<RefusedRow>(
            "select id, site_id, product, refused_at, reason, contents from refused_leads where id = any (@Ids)",
            new { Ids = found.Refused.Select(one => one.Id).ToArray() }))
        {
            json.WriteStartObject();
            json.WriteString("id", row.Id);
            json.WriteString("site_id", row.SiteId);
            json.WriteString("sent_by", row.Product);
            json.WriteString("refused_at", row.RefusedAt);
            json.WriteString("reason", row.Reason);
            ExportedContents.Write(json, row.Contents is null ? null : decrypt(row.Contents));
            json.WriteEndObject();
            await flush();
        }

        json.WriteEndArray();
    }

    public static async Task Messages(
        Utf8JsonWriter json, NpgsqlConnection connection, string name, string sql, Array ids, Func<Task> flush)
    {
        json.WriteStartArray(name);
        await foreach (var row in connection.QueryUnbufferedAsync<MessageRow>(sql, new { ids }))
        {
            json.WriteStartObject();
            json.WriteString("id", row.Id);
            json.WriteString("since", row.At);
            if (row.Reason is not null)
                json.WriteString("reason", row.Reason);
            ExportedContents.Write(json, row.Message);
            json.WriteEndObject();
            await flush();
        }

        json.WriteEndArray();
    }

    private sealed record RefusedRow(Guid Id, Guid SiteId, string Product, DateTimeOffset RefusedAt, string Reason, byte[]? Contents);

    private sealed record MessageRow(string Id, DateTimeOffset At, string? Reason, byte[]? Message);
}
