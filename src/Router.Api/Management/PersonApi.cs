using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Api.OpenApi;

namespace Router.Api.Management;

/// <summary>
/// What is kept of a person, over all sites for operators and over their own for owners. By POST: an address in a path would stay in logs.
/// </summary>
internal static class PersonApi
{
    private const string Example = """{"email": "ann@mail.test", "reason": "Request 4711 of 2 March"}""";

    public static void MapPerson(this RouteGroupBuilder api)
    {
        Map(api.MapGroup("/person").RequireAuthorization(RouterAuthentication.OperatorPolicy), "", "all sites");
        Map(api.MapGroup("/sites/{site:uuid}/person").RequireAuthorization(RouterAuthentication.SitePolicy), "OfSite", "a site");
    }

    private static void Map(RouteGroupBuilder person, string suffix, string where)
    {
        person.ProducesProblem(403).ProducesProblem(404).ProducesValidationProblem(422);
        person.MapPost("/search", Search).WithName($"findPerson{suffix}")
            .WithSummary($"What is kept of a person over {where}, by e-mail or phone, without its contents")
            .Produces<PersonReport>().WithMetadata(new RequestExample(Example));
        person.MapPost("/export", Export).WithName($"exportPerson{suffix}")
            .WithSummary($"All that is kept of a person over {where}, as one JSON file")
            .Produces(200, contentType: "application/json").WithMetadata(new RequestExample(Example));
        person.MapPost("/erasure", Erase).WithName($"erasePerson{suffix}")
            .WithSummary($"Erase a person over {where}; says what was erased and what can't be")
            .Produces<ErasedPerson>().ProducesProblem(409).WithMetadata(new RequestExample(Example));
    }

    private static async Task<IResult> Search(
        PersonRequest request, HttpContext context, PersonData person, CancellationToken cancellationToken) =>
        (await person.LookUp(request, SiteAccess.SiteOf(context), cancellationToken)).Answer(TypedResults.Ok);

    private static async Task<IResult> Export(
        PersonRequest request, HttpContext context, PersonData person, CancellationToken cancellationToken) =>
        (await person.Export(request, SiteAccess.SiteOf(context), cancellationToken))
            .Answer(file => file);

    private static async Task<IResult> Erase(
        PersonRequest request, HttpContext context, PersonData person, CancellationToken cancellationToken) =>
        (await person.Erase(request, SiteAccess.SiteOf(context), cancellationToken)).Answer(TypedResults.Ok);
}
