using Npgsql;
using Router.Api.Authentication;
using Router.Api.OpenApi;

namespace Router.Api.Management;

/// <summary>Products: the systems that send leads, and the sites each may send for. For operators.</summary>
internal static class ProductsApi
{
    public static void MapProducts(this RouteGroupBuilder api)
    {
        var products = api.MapGroup("/products").RequireAuthorization(RouterAuthentication.OperatorPolicy).ProducesProblem(403);
        products.MapPost("", Create).WithName("createProduct").WithSummary("A sending system; its password is shown this once")
            .Produces<ProductCredentials>(201).ProducesProblem(409).ProducesValidationProblem(422)
            .WithMetadata(new RequestExample("""{"username": "website", "display_name": "Our Website"}"""));
        products.MapGet("", List).WithName("listProducts").WithSummary("All products and the sites each may send for")
            .Produces<Page<ProductRow>>();
        products.MapPatch("/{username}", Change).WithName("changeProduct")
            .WithSummary("Its names and password, where it may send from, what its card says, and whether owners may let it in")
            .Produces<ProductRow>().ProducesProblem(404).ProducesProblem(409).ProducesValidationProblem(422)
            .WithMetadata(new RequestExample("""{"description": "Sends you those who ask for a valuation.", "offered": true}"""));
        products.MapPost("/{username}/password", NewPassword).WithName("newProductPassword")
            .WithSummary("A new password; the old one ends at once").Produces<ProductCredentials>().ProducesProblem(404);
        products.MapPost("/{username}/password/rotation", Rotate).WithName("rotateProductPassword")
            .WithSummary("A new password, while the old one goes on for some hours, or until it is ended")
            .Produces<ProductCredentials>().ProducesProblem(404).ProducesProblem(409).ProducesValidationProblem(422)
            .WithMetadata(new RequestExample("""{"overlap_hours": 72}"""));
        products.MapDelete("/{username}/password/previous", EndPrevious).WithName("endPreviousProductPassword")
            .WithSummary("End the old password").Produces(204).ProducesProblem(404);
        products.MapPut("/{username}/sites/{site:uuid}", Allow).WithName("allowProduct").WithSummary("The product may send for the site")
            .Produces(204).ProducesProblem(404);
        products.MapDelete("/{username}/sites/{site:uuid}", Forbid).WithName("forbidProduct")
            .WithSummary("The product may no longer send for the site").Produces(204).ProducesProblem(404);
    }

    private static async Task<IResult> Create(NewProduct request, ProductSettings products, CancellationToken cancellationToken) =>
        (await products.Create(request, cancellationToken)).Answer(made => TypedResults.Created($"/api/products/{made.Username}", made));

    private static async Task<IResult> List(NpgsqlDataSource database, string? cursor, int? limit, CancellationToken cancellationToken)
    {
        var take = Paging.Limit(limit);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return TypedResults.Ok(
            Page<ProductRow>.Of(await ProductSettings.List(connection, cursor, take + 1), take, product => product.Username));
    }

    private static async Task<IResult> Change(
        string username, ProductFields request, ProductSettings products, CancellationToken cancellationToken) =>
        (await products.Change(username, request, cancellationToken)).Answer(TypedResults.Ok);

    private static async Task<IResult> NewPassword(string username, ProductSettings products, CancellationToken cancellationToken) =>
        (await products.NewPassword(username, cancellationToken)).Answer(TypedResults.Ok);

    private static async Task<IResult> Rotate(
        string username, NewProductPassword request, PasswordRotation rotation, CancellationToken cancellationToken) =>
        (await rotation.Begin(username, request, cancellationToken)).Answer(TypedResults.Ok);

    private static async Task<IResult> EndPrevious(string username, PasswordRotation rotation, CancellationToken cancellationToken) =>
        (await rotation.End(username, cancellationToken)).Answer(_ => TypedResults.NoContent());

    private static async Task<IResult> Allow(string username, Guid site, ProductSettings products, CancellationToken cancellationToken) =>
        (await products.Allow(username, site, cancellationToken)).Answer(_ => TypedResults.NoContent());

    private static async Task<IResult> Forbid(string username, Guid site, ProductSettings products, CancellationToken cancellationToken) =>
        (await products.Forbid(username, site, cancellationToken)).Answer(_ => TypedResults.NoContent());
}
