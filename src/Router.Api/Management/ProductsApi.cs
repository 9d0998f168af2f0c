using System.Text.RegularExpressions;
using Dapper;
using Npgsql;
using Router.Api.OpenApi;
using Router.Core.Sites;

namespace Router.Api.Management;

/// <summary>Products: the systems that send leads, and the sites each may send for.</summary>
internal static partial class ProductsApi
{
    public static void MapProducts(this RouteGroupBuilder api)
    {
        api.MapPost("/products", Create).WithName("createProduct").WithSummary("A sending system; its password is shown this once").Produces<Credentials>(201).ProducesProblem(409).ProducesValidationProblem(422)
            .WithMetadata(new RequestExample("""{"username": "website", "display_name": "Our Website"}"""));
        api.MapGet("/products", List).WithName("listProducts").WithSummary("All products and the sites each may send for").Produces<Page<Product>>();
        api.MapPost("/products/{username}/password", NewPassword).WithName("newProductPassword").WithSummary("A new password; the old one ends at once").Produces<Credentials>().ProducesProblem(404);
        api.MapPut("/products/{username}/sites/{site:uuid}", Allow).WithName("allowProduct").WithSummary("The product may send for the site").Produces(204).ProducesProblem(404);
        api.MapDelete("/products/{username}/sites/{site:uuid}", Forbid).WithName("forbidProduct").WithSummary("The product may no longer send for the site").Produces(204).ProducesProblem(404);
    }

    internal sealed record NewProduct(string? Username = null, string? DisplayName = null, bool? IsLeadManager = null);

    internal sealed record Credentials(string Username, string Password);

    internal sealed record Product(string Username, string DisplayName, bool IsLeadManager, Guid[] Sites);

    private static async Task<IResult> Create(NewProduct request, NpgsqlDataSource database, ProductDirectory products, CancellationToken cancellationToken)
    {
        var problems = new FieldProblems();
        if (request.Username is null || !UsernameShape().IsMatch(request.Username))
            problems.Add("username", "'username' must be 1 to 100 letters, digits or . _ @ -");
        problems.RequireText("display_name", request.DisplayName);
        if (problems.Any)
            return Problems.Invalid(problems);

        var credentials = new Credentials(request.Username!, ProductPassword.Generate());
        try
        {
            await using var connection = await database.OpenConnectionAsync(cancellationToken);
            await connection.ExecuteAsync(
                "insert into products (username, display_name, is_lead_manager, password_sha256) values (@Username, @DisplayName, @IsLeadManager, @Hash)",
                new { request.Username, request.DisplayName, IsLeadManager = request.IsLeadManager ?? false, Hash = ProductPassword.Hash(credentials.Password) });
        }
        catch (PostgresException taken) when (taken.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return Problems.Conflict("A product with this username exists already.");
        }

        products.Invalidate(credentials.Username);
        return TypedResults.Created($"/api/products/{credentials.Username}", credentials);
    }

    private static async Task<IResult> List(NpgsqlDataSource database, string? cursor, int? limit, CancellationToken cancellationToken)
    {
        var take = Paging.Limit(limit);
        const string sql = """
            select p.username, p.display_name, p.is_lead_manager, array(select s.site_id from product_sites s where s.product = p.username) as sites
            from products p
            where @cursor is null or p.username > @cursor
            order by p.username
            limit @take + 1
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<Product>(sql, new { cursor, take });
        return TypedResults.Ok(Page<Product>.Of(rows.AsList(), take, product => product.Username));
    }

    /// <summary>For a lost password or a leaked one: the old one ends at once.</summary>
    private static async Task<IResult> NewPassword(string username, NpgsqlDataSource database, ProductDirectory products, CancellationToken cancellationToken)
    {
        var credentials = new Credentials(username, ProductPassword.Generate());
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var changed = await connection.ExecuteAsync(
            "update products set password_sha256 = @Hash where username = @username", new { username, Hash = ProductPassword.Hash(credentials.Password) });
        products.Invalidate(username);
        return changed == 0 ? Problems.NoSuch("product") : TypedResults.Ok(credentials);
    }

    private static async Task<IResult> Allow(string username, Guid site, NpgsqlDataSource database, ProductDirectory products, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await database.OpenConnectionAsync(cancellationToken);
            await connection.ExecuteAsync(
                "insert into product_sites (product, site_id) values (@username, @site) on conflict do nothing", new { username, site });
        }
        catch (PostgresException missing) when (missing.SqlState == PostgresErrorCodes.ForeignKeyViolation)
        {
            return Problems.NoSuch("product or site");
        }

        products.Invalidate(username);
        return TypedResults.NoContent();
    }

    private static async Task<IResult> Forbid(string username, Guid site, NpgsqlDataSource database, ProductDirectory products, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var removed = await connection.ExecuteAsync(
            "delete from product_sites where product = @username and site_id = @site", new { username, site });
        products.Invalidate(username);
        return removed == 0 ? Problems.NoSuch("access") : TypedResults.NoContent();
    }

    // The same as the database's check: no colon, which ends the username in a Basic header.
    [GeneratedRegex("^[A-Za-z0-9._@-]{1,100}$", RegexOptions.CultureInvariant, 100)]
    private static partial Regex UsernameShape();
}
