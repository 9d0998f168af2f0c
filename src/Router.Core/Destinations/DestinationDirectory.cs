using System.Text;
using Dapper;
using Npgsql;
using Router.Core.Database;

namespace Router.Core.Destinations;

/// <summary>
/// Each site's active destinations, cached until Postgres announces a change; in force within a second on every worker.
/// Goes on with what it last knew while the database is away.
/// </summary>
public sealed class DestinationDirectory
{
    private readonly NpgsqlDataSource _database;
    private readonly LastKnown<Guid, SiteDestinations> _sites;

    /// <summary>Starts to follow changes.</summary>
    public DestinationDirectory(NpgsqlDataSource database, DirectoryChanges changes, TimeProvider time)
    {
        _database = database;
        _sites = new LastKnown<Guid, SiteDestinations>(Load, TimeSpan.FromSeconds(30), time);
        changes.SiteChanged += _sites.Invalidate;
        changes.EverythingChanged += _sites.InvalidateAll;
    }

    /// <summary>The site and its active destinations, or null when there is no such site.</summary>
    /// <exception cref="NpgsqlException">The database is away and this site was never asked for before.</exception>
    public ValueTask<SiteDestinations?> Find(Guid siteId, CancellationToken cancellationToken) => _sites.Get(siteId, cancellationToken);

    private async Task<SiteDestinations?> Load(Guid siteId, CancellationToken cancellationToken)
    {
        const string sql = """
            select s.domain, s.login_url_template, d.id, d.kind, d.name, d.url, d.secret, d.partner_id
            from sites s
            join destinations d on d.site_id = s.id and d.active
            where s.id = @siteId
            order by d.kind <> 'lead_manager', d.created_at, d.id
            """;
        await using var connection = await _database.OpenConnectionAsync(cancellationToken);
        var rows = (await connection.QueryAsync<Row>(new CommandDefinition(sql, new { siteId }, cancellationToken: cancellationToken))).AsList();
        if (rows.Count == 0)
            return null;

        var active = rows.ConvertAll(row =>
            new Destination(row.Id, row.Kind, row.Name, new Uri(row.Url), Encoding.UTF8.GetBytes(row.Secret), row.PartnerId));
        return new SiteDestinations(siteId, rows[0].Domain, rows[0].LoginUrlTemplate, active);
    }

    private sealed record Row(string Domain, string? LoginUrlTemplate, Guid Id, string Kind, string Name, string Url, string Secret, string PartnerId);
}
