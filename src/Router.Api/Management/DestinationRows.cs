using Dapper;
using Npgsql;

namespace Router.Api.Management;

/// <summary>Reads of destinations.</summary>
internal static class DestinationRows
{
    public const string Columns =
        "id, kind, integration_id, name, url, partner_id, active, inactive_reason, signature, previous_secret_until, max_in_flight, paused_at, paused_by, pause_reason, proven_at";

    public static Task<Destination?> Find(NpgsqlConnection connection, Guid site, Guid id, bool forUpdate = false) =>
        connection.QuerySingleOrDefaultAsync<Destination>(
            $"select {Columns} from destinations where id = @id and site_id = @site and deleted_at is null {(forUpdate ? "for update" : "")}", new { site, id });

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
}
