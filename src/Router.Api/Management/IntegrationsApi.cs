using Npgsql;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Api.OpenApi;
using Router.Core.Deliveries;
using Router.Core.Mapping;

namespace Router.Api.Management;

/// <summary>The catalogue: everybody sees what is published, operators keep it.</summary>
internal static class IntegrationsApi
{
    public static void MapIntegrations(this RouteGroupBuilder api)
    {
        api.MapGet("/integrations", List).WithName("listIntegrations").WithSummary("The catalogue; hidden ones too for an operator")
            .Produces<Page<Integration>>();
        var catalogue = api.MapGroup("/integrations").RequireAuthorization(RouterAuthentication.OperatorPolicy).ProducesProblem(403);
        catalogue.MapPost("", Create).WithName("createIntegration").WithSummary("An integration for the catalogue")
            .Produces<Integration>(201).ProducesValidationProblem(422)
            .WithMetadata(new RequestExample("""
                {"name": "Home Valuations", "description": "Sends valuations to your leads.",
                 "url": "https://example.com/leads", "secret": "a long random text",
                 "partner_id_label": "Account ID", "partner_id_help": "You find it under Settings, Account.", "published": true}
                """));
        catalogue.MapPatch("/{id:uuid}", Change).WithName("changeIntegration").WithSummary("Change what is given; its destinations follow")
            .Produces<Integration>().ProducesProblem(404).ProducesValidationProblem(422);
        catalogue.MapPost("/{id:uuid}/preview", Preview).WithName("previewIntegration")
            .WithSummary("What another mapping, or other rules about answers, would do to what the connected sites had lately")
            .Produces<PreviewedChange>().ProducesProblem(404).ProducesValidationProblem(422).ProducesProblem(429);
        catalogue.MapGet("/ready-made", () => TypedResults.Ok(ReadyMadeIntegration.All)).WithName("listReadyMade")
            .WithSummary("The integrations that come with the router, by id")
            .Produces<IReadOnlyDictionary<string, ReadyMadeIntegration>>();
        api.MapPost("/sites/{site:uuid}/destinations/{id:uuid}/promote", Promote).RequireAuthorization(RouterAuthentication.OperatorPolicy)
            .WithName("promoteDestination").WithSummary("Make a custom API an integration of the catalogue").Produces<Integration>(201)
                .ProducesProblem(403).ProducesProblem(404).ProducesProblem(409).ProducesValidationProblem(422);
    }

    private static async Task<IResult> List(
        NpgsqlDataSource database, HttpContext context, Guid? cursor, int? limit, CancellationToken cancellationToken)
    {
        var take = Paging.Limit(limit);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var isOperator = context.Account().IsOperator;
        var page = Page<Integration>.Of(
            await IntegrationSettings.List(connection, isOperator, cursor, take + 1), take, integration => integration.Id.ToString("D"));
        return TypedResults.Ok(isOperator ? page
            : page with { Items = [.. page.Items.Select(integration => integration.ToCard())] });
    }

    private static async Task<IResult> Create(
        IntegrationFields request, IntegrationSettings catalogue, CancellationToken cancellationToken) =>
        (await catalogue.Create(request, cancellationToken)).Answer(made => TypedResults.Created($"/api/integrations/{made.Id}", made));

    private static async Task<IResult> Change(
        Guid id, IntegrationFields request, IntegrationSettings catalogue, CancellationToken cancellationToken) =>
        (await catalogue.Change(id, request, cancellationToken)).Answer(TypedResults.Ok);

    private static async Task<IResult> Preview(
        Guid id, PreviewedFields request, NpgsqlDataSource database, ChangePreviews previews, OperatorsReach reach,
        CancellationToken cancellationToken)
    {
        Integration? integration;
        await using (var connection = await database.OpenConnectionAsync(cancellationToken))
            integration = await IntegrationSettings.Find(connection, id);
        if (integration is null)
            return Problems.NoSuch("integration");

        using var preview = await previews.Begin(cancellationToken);
        if (preview is null)
            return BusyPreview.Refusal.ToProblem();

        return request.Check() is { Any: true } problems ? Problems.Invalid(problems)
            : TypedResults.Ok(await preview.OfIntegration(
                id, request.Mapping ?? integration.Mapping, request.AnswerRules ?? integration.AnswerRules, reach.SitesToTry(),
                cancellationToken));
    }

    private static async Task<IResult> Promote(
        Guid site, Guid id, IntegrationFields request, IntegrationSettings catalogue, CancellationToken cancellationToken) =>
        (await catalogue.Promote(site, id, request, cancellationToken))
            .Answer(made => TypedResults.Created($"/api/integrations/{made.Id}", made));
}
