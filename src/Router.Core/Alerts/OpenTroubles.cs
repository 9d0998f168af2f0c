using Dapper;
using Npgsql;

namespace Router.Core.Alerts;

/// <summary>What needs a person, for pages: as a worker found it last.</summary>
public sealed class OpenTroubles(NpgsqlDataSource database)
{
    private sealed record Row(
        Guid Id, string Kind, Guid? SiteId, string? SiteName, Guid? DestinationId, string? DestinationName, string? Product,
        DateTimeOffset Since, int Count, string Detail);

    /// <summary>What is open of these kinds, the latest first.</summary>
    /// <param name="sites">Of these sites only; null for all, and for products.</param>
    /// <param name="kinds">The kinds.</param>
    /// <param name="limit">The most rows.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async Task<IReadOnlyList<Trouble>> List(
        IReadOnlyCollection<Guid>? sites, IEnumerable<TroubleKind> kinds, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            """
            select t.id, t.kind, t.site_id, s.name as site_name, t.destination_id, x.name as destination_name, t.product, t.since, t.count,
                   t.detail
            from troubles t
            left join sites s on s.id = t.site_id
            left join destinations x on x.id = t.destination_id
            where t.ended_at is null and t.kind = any (@kinds)
              -- What somebody has just decided is nothing to decide any more.
              and (t.kind <> 'switched_off' or not x.active and x.inactive_reason is not null)
              and (@sites::uuid[] is null or t.site_id = any (@sites))
            order by t.since desc limit @limit
            """,
            new { sites = sites?.ToArray(), kinds = kinds.Select(kind => kind.Text()).ToArray(), limit },
            cancellationToken: cancellationToken));
        return [.. rows.Select(row => new Trouble(
            row.Id, TroubleKinds.Parse(row.Kind), row.SiteId, row.SiteName, row.DestinationId, row.DestinationName, row.Product, row.Since,
            EndedAt: null, row.Count, row.Detail))];
    }
}
