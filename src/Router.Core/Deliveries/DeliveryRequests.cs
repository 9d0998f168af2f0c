using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Core.Destinations;
using Router.Core.Leads;

namespace Router.Core.Deliveries;

/// <summary>
/// A delivery's request as its receiver got it: the body once, however many attempts there were, and of each attempt its headers.
/// </summary>
public sealed class SentRequest
{
    /// <summary>The most of a body that is shown, characters; there is no end to it in what is copied.</summary>
    public const int MostShown = 65_536;

    private readonly Func<AttemptRow, IEnumerable<(string Name, string Value)>> _headers;
    private readonly DateTimeOffset _changedAt;

    internal SentRequest(
        string url, byte[] body, DateTimeOffset changedAt, Func<AttemptRow, IEnumerable<(string Name, string Value)>> headers)
    {
        (Url, Body, _changedAt, _headers) = (url, body, changedAt, headers);
        (Readable, IsCut) = ReadableBody.Of(body, MostShown);
    }

    /// <summary>Where it went.</summary>
    public string Url { get; }

    /// <summary>The bytes that were signed and sent.</summary>
    public byte[] Body { get; }

    /// <summary>The body: JSON indented, of a form one field in each line.</summary>
    public string Readable { get; }

    /// <summary>Whether <see cref="Readable"/> ends before the body does.</summary>
    public bool IsCut { get; }

    /// <summary>The head of an attempt's request, as one reads HTTP.</summary>
    public string Head(AttemptRow attempt) =>
        $"POST {Url}\n{string.Concat(_headers(attempt).Select(header => $"{header.Name}: {header.Value}\n"))}";

    /// <summary>Whether the destination was changed since the attempt: then what is shown is the request as it would be sent now.</summary>
    public bool ChangedSince(AttemptRow attempt) => _changedAt > attempt.StartedAt;
}

/// <summary>
/// Rebuilds requests for people to look at. They aren't stored: everything in them follows from the event, the attempt and the destination.
/// </summary>
public sealed class DeliveryRequests(NpgsqlDataSource database, DestinationDirectory directory, IOptions<DeliveryOptions> options)
{
    /// <summary>A delivery's request; null when the lead's contents are gone.</summary>
    public async Task<SentRequest?> Rebuild(Guid siteId, Guid eventId, Guid destinationId, CancellationToken cancellationToken)
    {
        const string sql = """
            select e.action, e.lead_id_text, e.product, e.source_system, e.accepted_at, e.body, e.test,
                   s.domain, s.login_url_template, x.settings_changed_at
            from lead_events e
            join deliveries d on d.destination_id = @destinationId and d.accepted_at = e.accepted_at and d.event_id = e.id
            join sites s on s.id = e.site_id
            join destinations x on x.id = d.destination_id
            where e.id = @eventId and e.site_id = @siteId and e.body is not null
            """;
        Row? row;
        await using (var connection = await database.OpenConnectionAsync(cancellationToken))
        {
            row = await connection.QuerySingleOrDefaultAsync<Row>(
                new CommandDefinition(sql, new { siteId, eventId, destinationId }, cancellationToken: cancellationToken));
        }

        if (row is null || await directory.Read(destinationId, orInactive: true, cancellationToken) is not { } destination)
            return null;

        var lead = row.Event(eventId, siteId);
        if (!destination.Understands(lead.Action))
            return null;

        var content = await destination.ContentOf(
            lead.Action, OutgoingBody.Compose(lead, row.Domain, row.LoginUrlTemplate), cancellationToken);
        var shown = destination.WithHiddenHeaders();
        return new SentRequest(
            destination.Url?.OriginalString ?? "", content.Bytes, row.SettingsChangedAt,
            attempt => [("Content-Type", content.ContentType.ToString()),
                .. OutgoingHeaders.Of(lead, shown, content.Bytes, attempt.Attempt, attempt.StartedAt, options.Value.UserAgent)]);
    }

    private sealed record Row(
        string Action, string LeadIdText, string Product, string SourceSystem, DateTimeOffset AcceptedAt, byte[] Body, string? Test,
        string Domain,
        string? LoginUrlTemplate, DateTimeOffset SettingsChangedAt)
    {
        public LeadEvent Event(Guid id, Guid site) => new()
        {
            EventId = id, SiteId = site, Action = LeadActions.Parse(Action), LeadId = LeadIdText, AcceptedAt = AcceptedAt,
            Product = Product, SourceSystem = SourceSystem,
            Lead = new RawJson(Body), Test = Test is null ? null : LeadTests.Parse(Test),
        };
    }
}
