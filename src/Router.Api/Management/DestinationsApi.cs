using Dapper;
using Npgsql;

namespace Router.Api.Management;

/// <summary>A site's destinations. Secrets go in and never come out. Lead Manager stays: 409.</summary>
internal static class DestinationsApi
{
    private const string Columns = "id, kind, name, url, partner_id, active, inactive_reason";

    public static void MapDestinations(this RouteGroupBuilder api)
    {
        var destinations = api.MapGroup("/sites/{site:uuid}/destinations");
        destinations.MapGet("", List);
        destinations.MapPost("", Create);
        destinations.MapGet("/{id:uuid}", Get);
        destinations.MapPatch("/{id:uuid}", Change);
        destinations.MapDelete("/{id:uuid}", Delete);
    }

    internal sealed record DestinationFields(string? Name, string? Url, string? Secret, string? PartnerId, bool? Active);

    internal sealed record Destination(Guid Id, string Kind, string Name, string Url, string PartnerId, bool Active, string? InactiveReason);

    private static async Task<IResult> List(Guid site, NpgsqlDataSource database, Guid? cursor, int? limit, CancellationToken cancellationToken)
    {
        var take = Paging.Limit(limit);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        // Lead Manager is the oldest: it came with the site.
        var rows = await connection.QueryAsync<Destination>(
            $"""
            select {Columns} from destinations
            where site_id = @site and deleted_at is null
              and (@cursor is null or (created_at, id) > (select created_at, id from destinations where id = @cursor))
            order by created_at, id
            limit @take + 1
            """, new { site, cursor, take });
        var page = Page<Destination>.Of(rows.AsList(), take, destination => destination.Id.ToString("D"));
        // Every site has at least one, so an empty first page is no site.
        return page.Items.Count == 0 && cursor is null ? Problems.NoSuch("site") : TypedResults.Ok(page);
    }

    private static async Task<IResult> Get(Guid site, Guid id, NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await Find(connection, site, id) is { } found ? TypedResults.Ok(found) : Problems.NoSuch("destination");
    }

    private static async Task<IResult> Create(Guid site, DestinationFields request, NpgsqlDataSource database, TimeProvider time, CancellationToken cancellationToken)
    {
        var problems = new FieldProblems();
        problems.RequireText("name", request.Name);
        problems.RequireUrl("url", request.Url);
        problems.RequireText("secret", request.Secret, most: 500);
        problems.CheckText("partner_id", request.PartnerId);
        if (problems.Any)
            return Problems.Invalid(problems);

        const string sql = $"""
            insert into destinations (id, site_id, kind, name, url, secret, partner_id, active)
            values (@Id, @site, 'custom', @Name, @Url, @Secret, @PartnerId, @Active)
            returning {Columns}
            """;
        try
        {
            await using var connection = await database.OpenConnectionAsync(cancellationToken);
            var created = await connection.QuerySingleAsync<Destination>(sql, new
            {
                Id = Guid.CreateVersion7(time.GetUtcNow()),
                site, request.Name, request.Url, request.Secret,
                PartnerId = request.PartnerId ?? "",
                Active = request.Active ?? true,
            });
            return TypedResults.Created($"/api/sites/{site}/destinations/{created.Id}", created);
        }
        catch (PostgresException missing) when (missing.SqlState == PostgresErrorCodes.ForeignKeyViolation)
        {
            return Problems.NoSuch("site");
        }
    }

    /// <summary>Changes the fields that are present and leaves the others alone.</summary>
    private static async Task<IResult> Change(Guid site, Guid id, DestinationFields request, NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        var problems = new FieldProblems();
        if (request.Name is not null)
            problems.RequireText("name", request.Name);
        if (request.Url is not null)
            problems.RequireUrl("url", request.Url);
        if (request.Secret is not null)
            problems.RequireText("secret", request.Secret, most: 500);
        problems.CheckText("partner_id", request.PartnerId);
        if (problems.Any)
            return Problems.Invalid(problems);

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        if (await Find(connection, site, id) is not { } destination)
            return Problems.NoSuch("destination");
        if (destination.Kind == "lead_manager" && request.Active is false)
            return Problems.Conflict("Lead Manager is always active: it keeps the site's leads even when every other destination fails.");

        const string sql = $"""
            update destinations
            set name = coalesce(@Name, name), url = coalesce(@Url, url), secret = coalesce(@Secret, secret),
                partner_id = coalesce(@PartnerId, partner_id), active = coalesce(@Active, active),
                inactive_reason = case when @Active then null else inactive_reason end
            where id = @DestinationId and deleted_at is null
            returning {Columns}
            """;
        var changed = await connection.QuerySingleOrDefaultAsync<Destination>(sql, new
        {
            request.Name, request.Url, request.Secret, request.PartnerId, request.Active, DestinationId = destination.Id,
        });
        return changed is null ? Problems.NoSuch("destination") : TypedResults.Ok(changed);
    }

    private static async Task<IResult> Delete(Guid site, Guid id, NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        if (await Find(connection, site, id) is not { } destination)
            return Problems.NoSuch("destination");
        if (destination.Kind == "lead_manager")
            return Problems.Conflict("Lead Manager cannot be deleted: every site keeps its leads there.");

        await connection.ExecuteAsync("update destinations set active = false, deleted_at = now() where id = @Id", new { destination.Id });
        return TypedResults.NoContent();
    }

    private static Task<Destination?> Find(NpgsqlConnection connection, Guid site, Guid id)
    {
        return connection.QuerySingleOrDefaultAsync<Destination>(
            $"select {Columns} from destinations where id = @id and site_id = @site and deleted_at is null", new { site, id });
    }
}
