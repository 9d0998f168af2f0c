using System.Text.Encodings.Web;
using System.Text.Json;
using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Core.Destinations;
using Router.Core.Leads;

namespace Router.Core.Deliveries;

/// <summary>A request as its receiver got it.</summary>
/// <param name="Url">Where it went.</param>
/// <param name="Headers">Its headers.</param>
/// <param name="Body">Its body, indented for reading.</param>
/// <param name="ChangedSince">Whether the destination was changed since: then URL and signature are those of now.</param>
public sealed record SentRequest(string Url, IReadOnlyList<(string Name, string Value)> Headers, string Body, bool ChangedSince)
{
    /// <summary>The whole of it, as one reads HTTP.</summary>
    public string Text => $"POST {Url}\n{string.Concat(Headers.Select(header => $"{header.Name}: {header.Value}\n"))}\n{Body}";
}

/// <summary>
/// Rebuilds requests for people to look at. They aren't stored: everything in them follows from the event, the attempt and the destination.
/// </summary>
public sealed class DeliveryRequests(NpgsqlDataSource database, DestinationDirectory directory, IOptions<DeliveryOptions> options)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The request of an attempt; null when the lead's contents are gone.</summary>
    public async Task<SentRequest?> Rebuild(Guid siteId, Guid eventId, Guid destinationId, AttemptRow attempt, CancellationToken cancellationToken)
    {
        const string sql = """
            select e.action, e.lead_id_text, e.product, e.source_system, e.accepted_at, e.body, e.test, s.domain, s.login_url_template, x.settings_changed_at
            from lead_events e
            join deliveries d on d.event_id = e.id and d.destination_id = @destinationId
            join sites s on s.id = e.site_id
            join destinations x on x.id = d.destination_id
            where e.id = @eventId and e.site_id = @siteId and e.body is not null
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var row = await connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(sql, new { siteId, eventId, destinationId }, cancellationToken: cancellationToken));
        if (row is null || await directory.Read(destinationId, orInactive: true, cancellationToken) is not { } destination)
            return null;

        var lead = row.Event(eventId, siteId);
        var body = OutgoingBody.Compose(lead, row.Domain, row.LoginUrlTemplate).For(destination.PartnerId);
        return new SentRequest(
            destination.Url?.OriginalString ?? "",
            [("Content-Type", "application/json"), .. OutgoingHeaders.Of(lead, destination.Signing, body, attempt.Attempt, attempt.StartedAt, options.Value.UserAgent)],
            JsonSerializer.Serialize(JsonSerializer.Deserialize<JsonElement>(body), Indented),
            row.SettingsChangedAt > attempt.StartedAt);
    }

    private sealed record Row(
        string Action, string LeadIdText, string Product, string SourceSystem, DateTimeOffset AcceptedAt, byte[] Body, string? Test, string Domain,
        string? LoginUrlTemplate, DateTimeOffset SettingsChangedAt)
    {
        public LeadEvent Event(Guid id, Guid site) => new()
        {
            EventId = id, SiteId = site, Action = Action, LeadId = LeadIdText, AcceptedAt = AcceptedAt, Product = Product, SourceSystem = SourceSystem,
            Lead = new RawJson(Body), Test = Test,
        };
    }
}
