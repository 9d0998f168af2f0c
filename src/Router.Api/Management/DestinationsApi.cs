using Npgsql;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Api.OpenApi;
using Router.Core.Deliveries;
using Router.Core.Destinations;

namespace Router.Api.Management;

/// <summary>A site's destinations. Lead Manager stays: 409; only operators change it.</summary>
internal static class DestinationsApi
{
    public static void MapDestinations(this RouteGroupBuilder api)
    {
        api.MapGet("/destinations", ListAll).WithName("listAllDestinations")
            .WithSummary("The destinations of all of the account's sites; of all sites for an operator").Produces<Page<SiteDestination>>();
        var destinations = api.MapGroup("/sites/{site:uuid}/destinations").RequireAuthorization(RouterAuthentication.SitePolicy);
        destinations.MapGet("", List).WithName("listDestinations").WithSummary("A site's destinations, Lead Manager first")
            .Produces<Page<Destination>>().ProducesProblem(404);
        destinations.MapGet("/{id:uuid}", Get).WithName("getDestination").WithSummary("One destination").Produces<Destination>()
            .ProducesProblem(404);
        destinations.MapPost("", Create).WithName("createDestination")
            .WithSummary("Add a custom API, or connect an integration of the catalogue")
            .Produces<CreatedDestination>(201).ProducesProblem(404).ProducesProblem(409).ProducesValidationProblem(422)
            .WithMetadata(new RequestExample("""
                {"name": "My API", "url": "https://example.com/leads", "generate_secret": true, "partner_id": "42", "signature": "both"}
                """));
        destinations.MapPatch("/{id:uuid}", Change).WithName("changeDestination").WithSummary("Change what is given")
            .Produces<Destination>().ProducesProblem(404).ProducesProblem(409).ProducesValidationProblem(422)
            .WithMetadata(new RequestExample("""{"active": false}"""));
        destinations.MapPost("/{id:uuid}/secret", Rotate).WithName("rotateSecret").WithSummary("Rotate the secret, with an overlap")
            .Produces<RotatedSecret>().ProducesProblem(404).ProducesProblem(409).ProducesValidationProblem(422)
            .WithMetadata(new RequestExample("""{"overlap_hours": 24}"""));
        destinations.MapPost("/{id:uuid}/preview", Preview).WithName("previewDestination").WithMetadata(new UncountedAttribute())
            .WithSummary("What another mapping, or other rules about answers, would do to what came lately")
            .Produces<PreviewedChange>().ProducesProblem(404).ProducesValidationProblem(422).ProducesProblem(429)
            .WithMetadata(new RequestExample("""
                {"answer_rules": [{"means": "failed", "status": "2xx", "field": "success", "values": ["false"]}]}
                """));
        destinations.MapDelete("/{id:uuid}", Delete).WithName("deleteDestination").WithSummary("Delete a destination; never Lead Manager")
            .Produces(204).ProducesProblem(404).ProducesProblem(409);
    }

    private static async Task<IResult> List(
        Guid site, NpgsqlDataSource database, Guid? cursor, int? limit, CancellationToken cancellationToken)
    {
        var take = Paging.Limit(limit);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = await DestinationRows.List(connection, site, cursor, take + 1);
        // Every site has at least one, so an empty first page is no site.
        return rows.Count == 0 && cursor is null
            ? Problems.NoSuch("site")
            : TypedResults.Ok(Page<Destination>.Of(rows, take, destination => destination.Id.ToString("D")));
    }

    private static async Task<IResult> ListAll(
        NpgsqlDataSource database, HttpContext context, Guid? cursor, int? limit, CancellationToken cancellationToken)
    {
        var take = Paging.Limit(limit);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var account = context.Account();
        var rows = await DestinationRows.List(connection, account.IsOperator ? null : account.VisibleSites, cursor, take + 1);
        return TypedResults.Ok(Page<SiteDestination>.Of(rows, take, row => row.Destination.Id.ToString("D")));
    }

    private static async Task<IResult> Get(Guid site, Guid id, NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await DestinationRows.Find(connection, site, id) is { } found ? TypedResults.Ok(found) : Problems.NoSuch("destination");
    }

    private static async Task<IResult> Create(
        Guid site, DestinationFields request, NewDestinations destinations, CancellationToken cancellationToken)
    {
        var created = request.IntegrationId is null
            ? await destinations.Create(site, request, cancellationToken)
            : await destinations.Connect(site, request, cancellationToken);
        return created.Answer(made => TypedResults.Created($"/api/sites/{site}/destinations/{made.Id}", made));
    }

    private static async Task<IResult> Change(
        Guid site, Guid id, DestinationFields request, DestinationSettings settings, CancellationToken cancellationToken) =>
        (await settings.Change(site, id, request, cancellationToken)).Answer(TypedResults.Ok);

    private static async Task<IResult> Preview(
        Guid site, Guid id, PreviewedFields request, NpgsqlDataSource database, ChangePreviews previews, OperatorsReach reach,
        CancellationToken cancellationToken)
    {
        if (reach.RefusesToTry(site) is { } notTheirs)
            return notTheirs.ToProblem();
        Destination? destination;
        await using (var connection = await database.OpenConnectionAsync(cancellationToken))
            destination = await DestinationRows.Find(connection, site, id);
        if (destination is null)
            return Problems.NoSuch("destination");

        using var preview = await previews.Begin(cancellationToken);
        if (preview is null)
            return BusyPreview.Refusal.ToProblem();

        return request.Check() is { Any: true } problems ? Problems.Invalid(problems)
            : TypedResults.Ok(await preview.OfDestination(
                id, request.Mapping ?? destination.Mapping, request.AnswerRules ?? destination.AnswerRules, cancellationToken));
    }

    private static async Task<IResult> Rotate(
        Guid site, Guid id, NewSecret request, DestinationSettings settings, CancellationToken cancellationToken) =>
        (await settings.Rotate(site, id, request, cancellationToken)).Answer(TypedResults.Ok);

    private static async Task<IResult> Delete(Guid site, Guid id, DestinationSettings settings, CancellationToken cancellationToken) =>
        (await settings.Delete(site, id, cancellationToken)).Answer(_ => TypedResults.NoContent());
}
