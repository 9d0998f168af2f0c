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

    // One at a time: whoever tries filters must leave processors and memory to those who send leads, and fifty may have as many megabytes.
    private static readonly SemaphoreSlim Place = new(1);

    /// <summary>The most leads it is tried on.</summary>
    public const int Most = 50;

    /// <summary>Newest first; where it takes long, on fewer. Null where another filter is being tried for as long as that.</summary>
    public async Task<List<PreviewedLead>?> Of(Guid siteId, LeadFilter filter, CancellationToken cancellationToken)
    {
        if (!await Place.WaitAsync(Patience, cancellationToken))
            return null;

        try
        {
            var (leads, duplicates) = await Latest(siteId, cancellationToken);
            return await Tried(leads, filter, duplicates.Contains, cancellationToken);
        }
        finally
        {
            Place.Release();
        }
    }

    /// <summary>On a connection that nobody holds while the filter is tried.</summary>
    private async Task<(List<(Guid LeadId, DateTimeOffset AcceptedAt, byte[] Body)> Leads, HashSet<Guid> Duplicates)> Latest(
        Guid siteId, CancellationToken cancellationToken)
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
        return (rows, [.. duplicates.Keys]);
    }

    internal async Task<List<PreviewedLead>> Tried(
        IEnumerable<(Guid LeadId, DateTimeOffset AcceptedAt, byte[] Body)> leads, LeadFilter filter, Func<Guid, bool> isDuplicate,
        CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var tried = new List<PreviewedLead>();
        foreach (var lead in leads.TakeWhile(_ => time.GetElapsedTime(began) <= Patience))
        {
            cancellationToken.ThrowIfCancellationRequested();
            using (var document = new RawJson(lead.Body).ToDocument())
            {
                tried.Add(new PreviewedLead(
                    lead.LeadId, lead.AcceptedAt, LeadPerson.Of(document.RootElement).Line,
                    filter.Takes(document.RootElement, isDuplicate(lead.LeadId))));
            }

            // A sender may wait for this thread.
            await Task.Yield();
        }

        return tried;
    }
}
