using Dapper;
using Npgsql;
using Router.Core.Database;
using Router.Core.Sites;

namespace Router.Core.Destinations;

/// <summary>
/// Each site's active destinations, cached until Postgres announces a change; in force within a second on every worker.
/// Goes on with what it last knew while the database is away.
/// </summary>
public sealed class DestinationDirectory
{
    private static readonly string Columns =
        "d.id, d.kind, d.name, d.url, d.partner_id, d.signature, d.secret, d.previous_secret, d.previous_secret_until, "
        + $"d.paused_at is not null as is_paused, {OwnSettings.Columns("d")}, d.header_names, d.header_values, "
        + "coalesce(i.mapping, d.mapping)::text as mapping, coalesce(i.answer_rules, d.answer_rules)::text as answer_rules, "
        + "i.header_names as shared_header_names, i.header_values as shared_header_values, "
        + "d.oauth_token_url, d.oauth_client_id, d.oauth_client_secret, d.oauth_scope, d.oauth_audience, d.oauth_client_auth, "
        + "d.client_certificate, "
        + "array[normalize(d.name, nfc), normalize(d.name, nfd)] as spellings";

    // How a registered destination is spoken to is its integration's business.
    private const string Source = "destinations d left join integrations i on i.id = d.integration_id";

    private readonly NpgsqlDataSource _database;
    private readonly SecretProtection _secrets;
    private readonly StaleTolerantCache<Guid, SiteDestinations> _sites;

    /// <summary>Starts to follow changes.</summary>
    public DestinationDirectory(NpgsqlDataSource database, SecretProtection secrets, DirectoryChanges changes, TimeProvider time)
    {
        _database = database;
        _secrets = secrets;
        // Changes are announced; this is for an announcement that got lost, and with many sites it is a query for each of them.
        _sites = new StaleTolerantCache<Guid, SiteDestinations>(Load, TimeSpan.FromMinutes(5), time);
        changes.SiteChanged += _sites.Invalidate;
        changes.EverythingChanged += _sites.InvalidateAll;
    }

    /// <summary>The site and its active destinations, or null when there is no such site.</summary>
    /// <exception cref="NpgsqlException">The database is away and this site was never asked for before.</exception>
    public ValueTask<SiteDestinations?> Find(Guid siteId, CancellationToken cancellationToken) => _sites.Get(siteId, cancellationToken);

    /// <summary>One destination as the database has it now, or null. Costs a query.</summary>
    /// <param name="destinationId">Its id.</param>
    /// <param name="orInactive">Also when it is inactive or deleted: for events that are about its Active flag.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async ValueTask<Destination?> Read(Guid destinationId, bool orInactive, CancellationToken cancellationToken)
    {
        var sql = $"select {Columns} from {Source} where d.id = @destinationId and (d.active or @orInactive)";
        await using var connection = await _database.OpenConnectionAsync(cancellationToken);
        var row = await connection.QuerySingleOrDefaultAsync<StoredDestination>(
            new CommandDefinition(sql, new { destinationId, orInactive }, cancellationToken: cancellationToken));
        return row?.ToDestination(_secrets);
    }

    private async Task<SiteDestinations?> Load(Guid siteId, CancellationToken cancellationToken)
    {
        var sql = $"""
            select domain, login_url_template, limits::text as limits from sites where id = @siteId;
            select {Columns} from {Source} where d.site_id = @siteId and d.active
            order by d.kind <> 'lead_manager', d.created_at, d.id;
            """;
        await using var connection = await _database.OpenConnectionAsync(cancellationToken);
        await using var results = await connection.QueryMultipleAsync(
            new CommandDefinition(sql, new { siteId }, cancellationToken: cancellationToken));
        var site = await results.ReadSingleOrDefaultAsync<(string Domain, string? LoginUrlTemplate, string? Limits)?>();
        var active = (await results.ReadAsync<StoredDestination>()).Select(row => row.ToDestination(_secrets)).ToList();
        return site is { } found
            ? new SiteDestinations(siteId, found.Domain, found.LoginUrlTemplate, active) { Limits = OwnLimits.Parse(found.Limits) } : null;
    }
}
