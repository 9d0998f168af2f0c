using System.Security.Cryptography;
using Dapper;
using Npgsql;
using NpgsqlTypes;
using Router.Core.Database;

namespace Router.Core.Intake;

/// <summary>
/// What was refused for its contents, for 14 days: to be corrected and taken in after all. Bounded for each product at each site; what is
/// beyond that is the oldest, and goes.
/// </summary>
public sealed class RefusedLeads(NpgsqlDataSource database)
{
    /// <summary>As many are kept of each product at each site.</summary>
    public const int MostOfProduct = 1_000;

    /// <summary>As many bytes of their contents.</summary>
    public const int MostBytesOfProduct = 32 * 1024 * 1024;

    private static readonly TimeSpan Kept = TimeSpan.FromDays(14);

    private const string Facts = """
        id, product, site_id, operation, lead, only_destinations, refused_at, status::int, reason, size,
        contents is not null as has_contents
        """;

    /// <summary>For how long they are kept: no longer than the contents of leads that were accepted.</summary>
    public static TimeSpan KeptFor(TimeSpan bodiesAfter) => bodiesAfter < Kept ? bodiesAfter : Kept;

    /// <summary>Returns when they are on disk.</summary>
    public async Task Keep(IReadOnlyList<NewRefusedLead> refused, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using (var batch = new NpgsqlBatch(connection))
        {
            foreach (var one in refused)
                batch.BatchCommands.Add(Insert(one));
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }

        const string sql = """
            delete from refused_leads where id in (
                select id from (
                    select id, row_number() over newest as place, sum(octet_length(contents)) over newest as bytes
                    from refused_leads where product = any (@Products) and site_id = any (@Sites)
                    window newest as (partition by product, site_id order by id desc)) kept
                where place > @MostOfProduct or bytes > @MostBytesOfProduct)
            """;
        await connection.ExecuteAsync(new CommandDefinition(
            sql,
            new
            {
                Products = refused.Select(one => one.Facts.Product).Distinct(StringComparer.Ordinal).ToArray(),
                Sites = refused.Select(one => one.Facts.SiteId).Distinct().ToArray(), MostOfProduct, MostBytesOfProduct,
            },
            cancellationToken: cancellationToken));
    }

    /// <summary>How many of a site were refused since then and are still kept.</summary>
    public async Task<int> Count(Guid siteId, DateTimeOffset since, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<int>(new CommandDefinition(
            "select count(*)::int from refused_leads where site_id = @siteId and refused_at >= @since",
            new { siteId, since = since.UtcDateTime }, cancellationToken: cancellationToken));
    }

    /// <summary>What waits at a site, by product and reason, the latest first.</summary>
    public async Task<List<RefusedGroup>> Groups(Guid siteId, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<RefusedGroup>(new CommandDefinition(
            """
            select product, status::int, reason, count(*) as count, min(refused_at) as since, max(refused_at) as last_at
            from refused_leads where site_id = @siteId
            group by product, status, reason
            order by max(refused_at) desc, product, reason
            limit 100
            """, new { siteId }, cancellationToken: cancellationToken))).AsList();
    }

    /// <summary>What waits at these sites, the latest first.</summary>
    public async Task<List<RefusedOfSite>> OfSites(IReadOnlyCollection<Guid> sites, int most, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<RefusedOfSite>(new CommandDefinition(
            """
            select r.site_id, s.name as site_name, count(*) as count, min(r.refused_at) as since,
                   (array_agg(r.reason order by r.id desc))[1] as reason
            from refused_leads r join sites s on s.id = r.site_id
            where r.site_id = any (@sites)
            group by r.site_id, s.name
            order by max(r.refused_at) desc
            limit @most
            """, new { sites = sites.ToArray(), most }, cancellationToken: cancellationToken))).AsList();
    }

    /// <summary>Newest first.</summary>
    /// <param name="siteId">The site.</param>
    /// <param name="product">Only those of one product; null for all.</param>
    /// <param name="reason">Only those of one reason; null for all.</param>
    /// <param name="after">The last row of the page before.</param>
    /// <param name="limit">The most rows.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async Task<List<RefusedLead>> Newest(
        Guid siteId, string? product, string? reason, Guid? after, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<RefusedLead>(new CommandDefinition(
            $"""
            select {Facts} from refused_leads
            where site_id = @siteId and (@product::text is null or product = @product) and (@reason::text is null or reason = @reason)
                and (@after::uuid is null or id < @after)
            order by id desc limit @limit
            """, new { siteId, product, reason, after, limit }, cancellationToken: cancellationToken))).AsList();
    }

    /// <summary>Null when there is none, or none any more.</summary>
    public async Task<RefusedLead?> Find(Guid siteId, Guid id, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleOrDefaultAsync<RefusedLead>(new CommandDefinition(
            $"select {Facts} from refused_leads where site_id = @siteId and id = @id", new { siteId, id },
            cancellationToken: cancellationToken));
    }

    /// <summary>The body, encrypted; null when there is none.</summary>
    public async Task<byte[]?> Contents(Guid siteId, Guid id, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<byte[]?>(new CommandDefinition(
            "select contents from refused_leads where site_id = @siteId and id = @id", new { siteId, id },
            cancellationToken: cancellationToken));
    }

    /// <summary>The bodies of these that are no larger than that, encrypted; those that have none are left out.</summary>
    public async Task<Dictionary<Guid, byte[]>> Contents(Guid siteId, Guid[] ids, int largest, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<(Guid Id, byte[] Contents)>(new CommandDefinition(
            """
            select id, contents from refused_leads
            where site_id = @siteId and id = any (@ids) and size <= @largest and contents is not null
            """, new { siteId, ids, largest }, cancellationToken: cancellationToken))).ToDictionary(row => row.Id, row => row.Contents);
    }

    /// <summary>
    /// The event as which it is taken in. The first call with this body decides, so that two of them, or one after a crash, make one event;
    /// another body is another event. Null when it is gone.
    /// </summary>
    /// <param name="siteId">The site.</param>
    /// <param name="id">The refused lead.</param>
    /// <param name="body">What is taken in.</param>
    /// <param name="eventId">The event's id, if this call decides.</param>
    /// <param name="acceptedAt">When it counts as accepted then.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ClaimedEvent?> Claim(
        Guid siteId, Guid id, byte[] body, Guid eventId, DateTimeOffset acceptedAt, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleOrDefaultAsync<ClaimedEvent>(new CommandDefinition(
            """
            update refused_leads
            set event_id = case when digest = @digest then event_id else @eventId end,
                accepted_at = case when digest = @digest then accepted_at else @acceptedAt end, digest = @digest
            where site_id = @siteId and id = @id
            returning event_id, accepted_at, event_id <> @eventId as is_repetition
            """, new { siteId, id, digest = SHA256.HashData(body), eventId, acceptedAt }, cancellationToken: cancellationToken));
    }

    /// <summary>Deletes one, or all of a product that were refused for one reason; how many.</summary>
    public static Task<int> Delete(
        NpgsqlConnection connection, Guid siteId, Guid? id, string? product, string? reason, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(new CommandDefinition(
            """
            delete from refused_leads
            where site_id = @siteId and (@id::uuid is null or id = @id) and (@product::text is null or product = @product)
                and (@reason::text is null or reason = @reason)
            """, new { siteId, id, product, reason }, cancellationToken: cancellationToken));

    internal static Task DropOld(
        NpgsqlConnection connection, DateTimeOffset now, TimeSpan bodiesAfter, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(new CommandDefinition(
            "delete from refused_leads where refused_at < @limit", new { limit = now - KeptFor(bodiesAfter) },
            cancellationToken: cancellationToken));

    private static NpgsqlBatchCommand Insert(NewRefusedLead one)
    {
        var facts = one.Facts;
        var command = new NpgsqlBatchCommand("""
            insert into refused_leads (
                id, product, site_id, operation, lead, lead_id, only_destinations, refused_at, status, reason, size, contents)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            on conflict (id) do nothing
            """);
        foreach (var (value, type) in new (object?, NpgsqlDbType)[]
        {
            (facts.Id, NpgsqlDbType.Uuid), (facts.Product, NpgsqlDbType.Text), (facts.SiteId, NpgsqlDbType.Uuid),
            (facts.Operation, NpgsqlDbType.Text), (facts.Lead, NpgsqlDbType.Text), (one.LeadId, NpgsqlDbType.Uuid),
            (facts.OnlyDestinations, NpgsqlDbType.Array | NpgsqlDbType.Text), (facts.RefusedAt, NpgsqlDbType.TimestampTz),
            ((short)facts.Status, NpgsqlDbType.Smallint), (facts.Reason, NpgsqlDbType.Text), (facts.Size, NpgsqlDbType.Integer),
            (one.Contents, NpgsqlDbType.Bytea),
        })
            command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value, NpgsqlDbType = type });
        return command;
    }
}
