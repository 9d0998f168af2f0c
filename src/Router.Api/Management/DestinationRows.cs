using Dapper;
using Npgsql;
using Router.Core.Destinations;

namespace Router.Api.Management;

/// <summary>A destination's name, also when it is deleted.</summary>
internal sealed record NamedDestination(Guid Id, string Name, bool Deleted)
{
    /// <summary>As lists show it.</summary>
    public string Title => Deleted ? $"{Name} (deleted)" : Name;
}

/// <summary>A destination, and whose it is.</summary>
internal sealed record SiteDestination(Guid SiteId, Destination Destination);

/// <summary>Reads of destinations.</summary>
internal static class DestinationRows
{
    public static readonly string Columns =
        "id, kind, integration_id, name, url, partner_id, active, inactive_reason, signature, previous_secret_until, "
        + $"{OwnSettings.Columns("destinations")}, mapping::text as mapping, answer_rules::text as answer_rules, header_names, "
        + "case when oauth_token_url is not null then json_build_object('token_url', oauth_token_url, 'client_id', oauth_client_id, "
        + "'scope', oauth_scope, 'audience', oauth_audience, 'client_auth', oauth_client_auth)::text end as oauth, "
        + "case when client_certificate is not null then json_build_object('subject', certificate_subject, 'issuer', certificate_issuer, "
        + "'expires_at', certificate_expires_at, 'sha256', certificate_sha256)::text end as client_certificate, "
        + "paused_at, paused_by, pause_reason, proven_at";

    public static Task<Destination?> Find(NpgsqlConnection connection, Guid site, Guid id, bool forUpdate = false) =>
        connection.QuerySingleOrDefaultAsync<Destination>(
            $"""
            select {Columns} from destinations
            where id = @id and site_id = @site and deleted_at is null {(forUpdate ? "for update" : "")}
            """, new { site, id });

    /// <summary>Of all that the site has or had, to choose from in lists of what was.</summary>
    public static async Task<List<NamedDestination>> Names(NpgsqlConnection connection, Guid site) =>
        (await connection.QueryAsync<NamedDestination>(
        """
        select id, name, deleted_at is not null as deleted from destinations where site_id = @site
        order by deleted_at is not null, created_at, id limit 1000
        """,
        new { site })).AsList();

    /// <summary>Lead Manager first: it came with the site.</summary>
    public static async Task<List<Destination>> List(NpgsqlConnection connection, Guid site, Guid? after, int limit) =>
        (await connection.QueryAsync<Destination>(
            $"""
            select {Columns} from destinations
            where site_id = @site and deleted_at is null
              and (@after is null or (created_at, id) > (select created_at, id from destinations where id = @after))
            order by created_at, id
            limit @limit
            """, new { site, after, limit })).AsList();

    /// <summary>Of these sites, by id.</summary>
    /// <param name="connection">To Postgres.</param>
    /// <param name="sites">Null for all.</param>
    /// <param name="after">The last one of the page before.</param>
    /// <param name="limit">The most.</param>
    public static async Task<List<SiteDestination>> List(NpgsqlConnection connection, Guid[]? sites, Guid? after, int limit) =>
        (await connection.QueryAsync<Guid, Destination, SiteDestination>(
            $"""
            select site_id, {Columns} from destinations
            where deleted_at is null and (@sites::uuid[] is null or site_id = any (@sites)) and (@after is null or id > @after)
            order by id
            limit @limit
            """, (site, destination) => new SiteDestination(site, destination), new { sites, after, limit })).AsList();
}
