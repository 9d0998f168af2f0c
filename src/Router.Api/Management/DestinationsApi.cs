using Dapper;
using Npgsql;
using DestinationKinds = Router.Core.Destinations.DestinationKinds;

namespace Router.Api.Management;

/// <summary>A destination as its operator sees it: everything but its secrets.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Kind"><c>lead_manager</c>, <c>registered</c> or <c>custom</c>.</param>
/// <param name="Name">What its owner calls it.</param>
/// <param name="Url">Where leads are POSTed.</param>
/// <param name="PartnerId">Put into each body.</param>
/// <param name="Active">Whether it gets leads.</param>
/// <param name="InactiveReason">Why it was deactivated, when the router did it.</param>
/// <param name="Signature"><c>lead_router</c>, <c>standard_webhooks</c> or <c>both</c>.</param>
/// <param name="PreviousSecretUntil">Until then the secret before the present one signs too (Standard Webhooks).</param>
/// <param name="MaxInFlight">Requests in flight from each worker; null for the default.</param>
internal sealed record Destination(
    Guid Id, string Kind, string Name, string Url, string PartnerId, bool Active, string? InactiveReason, string Signature, DateTimeOffset? PreviousSecretUntil,
    int? MaxInFlight);

/// <summary>A site's destinations. Secrets go in and never come out. Lead Manager stays: 409.</summary>
internal static class DestinationsApi
{
    public const string Columns = "id, kind, name, url, partner_id, active, inactive_reason, signature, previous_secret_until, max_in_flight";

    public static void MapDestinations(this RouteGroupBuilder api)
    {
        var destinations = api.MapGroup("/sites/{site:uuid}/destinations");
        destinations.MapGet("", List).WithName("listDestinations").WithSummary("A site's destinations, Lead Manager first").Produces<Page<Destination>>().ProducesProblem(404);
        destinations.MapGet("/{id:uuid}", Get).WithName("getDestination").WithSummary("One destination").Produces<Destination>().ProducesProblem(404);
        destinations.MapDelete("/{id:uuid}", Delete).WithName("deleteDestination").WithSummary("Delete a destination; never Lead Manager").Produces(204).ProducesProblem(404).ProducesProblem(409);
        destinations.MapDestinationChanges();
    }

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

    private static async Task<IResult> Delete(Guid site, Guid id, NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        if (await Find(connection, site, id) is not { } destination)
            return Problems.NoSuch("destination");
        if (destination.Kind == DestinationKinds.LeadManager)
            return Problems.Conflict("Lead Manager cannot be deleted: every site keeps its leads there.");

        await connection.ExecuteAsync("update destinations set active = false, deleted_at = now() where id = @Id", new { destination.Id });
        return TypedResults.NoContent();
    }

    public static Task<Destination?> Find(NpgsqlConnection connection, Guid site, Guid id) => connection.QuerySingleOrDefaultAsync<Destination>(
        $"select {Columns} from destinations where id = @id and site_id = @site and deleted_at is null", new { site, id });
}
