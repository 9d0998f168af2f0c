using Dapper;
using Npgsql;
using Router.Core.Destinations;
using Router.Core.Leads;

namespace Router.Core.Deliveries;

/// <summary>A lead of the past, and whether a filter would have taken it.</summary>
/// <param name="LeadId">The lead.</param>
/// <param name="AcceptedAt">When it came.</param>
/// <param name="Person">Who it is, in one line; null where its contents don't say.</param>
/// <param name="IsTaken">Whether it fits.</param>
public sealed record PreviewedLead(Guid LeadId, DateTimeOffset AcceptedAt, string? Person, bool IsTaken);

/// <summary>Tries a filter on the latest leads of a site, before it is in force.</summary>
public sealed class FilterPreview(NpgsqlDataSource database, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>The most leads it is tried on.</summary>
    public const int Most = 50;

    /// <summary>Newest first; where it takes long, on fewer.</summary>
    public async Task<List<PreviewedLead>> Of(Guid siteId, LeadFilter filter, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = (await connection.QueryAsync<(Guid LeadId, DateTimeOffset AcceptedAt, byte[] Body)>(
            new CommandDefinition("""
            select lead_id, accepted_at, body from lead_events
            where site_id = @siteId and action = 'created' and test is null and product <> '' and body is not null
              and lead_id is not null
            order by accepted_at desc limit @Most
            """, new { siteId, Most }, cancellationToken: cancellationToken))).AsList();
        var duplicates = await DuplicateMarks.Of(connection, siteId, rows.ConvertAll(row => row.LeadId), cancellationToken);
        return Tried(rows, filter, duplicates.ContainsKey, cancellationToken);
    }

    internal List<PreviewedLead> Tried(
        IEnumerable<(Guid LeadId, DateTimeOffset AcceptedAt, byte[] Body)> leads, LeadFilter filter, Func<Guid, bool> isDuplicate,
        CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        return [.. leads.TakeWhile(_ => time.GetElapsedTime(began) <= Patience).Select(lead =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var document = new RawJson(lead.Body).ToDocument();
            return new PreviewedLead(
                lead.LeadId, lead.AcceptedAt, LeadPerson.Of(document.RootElement).Line,
                filter.Takes(document.RootElement, isDuplicate(lead.LeadId)));
        })];
    }
}
