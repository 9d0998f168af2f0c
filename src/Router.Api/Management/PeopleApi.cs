using Router.Api.Accounts;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Api.OpenApi;

namespace Router.Api.Management;

/// <summary>Who sees a site, for its owners.</summary>
internal static class PeopleApi
{
    internal sealed record PersonFields(string? Email = null, string? Role = null);

    internal sealed record RoleField(string? Role = null);

    public static void MapPeople(this RouteGroupBuilder api)
    {
        var people = api.MapGroup("/sites/{site:uuid}/people").RequireAuthorization(RouterAuthentication.SitePolicy)
            .ProducesProblem(404);
        people.MapGet("", List).WithName("listPeople").WithSummary("Who sees the site").Produces<Page<Person>>();
        people.MapPost("", Add).WithName("addPerson").WithSummary("Let somebody see the site; a link of a new account is shown this once")
            .Produces<NewPerson>(201).ProducesProblem(403).ProducesProblem(409).ProducesValidationProblem(422)
            .WithMetadata(new RequestExample("""{"email": "ann@realty.test", "role": "viewer"}"""));
        people.MapPatch("/{account:uuid}", Change).WithName("changePerson").WithSummary("Make an owner a viewer, or a viewer an owner")
            .Produces<Person>().ProducesProblem(403).ProducesProblem(409).ProducesValidationProblem(422)
            .WithMetadata(new RequestExample("""{"role": "owner"}"""));
        people.MapDelete("/{account:uuid}", Remove).WithName("removePerson").WithMetadata(new UncountedAttribute())
            .WithSummary("Somebody sees the site no more")
            .Produces(204).ProducesProblem(403).ProducesProblem(409);
    }

    private static async Task<IResult> List(Guid site, SitePeople people, CancellationToken cancellationToken) =>
        TypedResults.Ok(Page<Person>.Of(await people.List(site, cancellationToken), int.MaxValue, person => person.Email));

    private static async Task<IResult> Add(Guid site, PersonFields request, SitePeople people, CancellationToken cancellationToken) =>
        (await people.Add(site, request.Email, request.Role, cancellationToken))
            .Answer(added => TypedResults.Created($"/api/sites/{site}/people/{added.Person.AccountId}", added));

    private static async Task<IResult> Change(
        Guid site, Guid account, RoleField request, SitePeople people, CancellationToken cancellationToken) =>
        (await people.ChangeRole(site, account, request.Role, cancellationToken)).Answer(TypedResults.Ok);

    private static async Task<IResult> Remove(Guid site, Guid account, SitePeople people, CancellationToken cancellationToken) =>
        (await people.Remove(site, account, cancellationToken)).Answer(_ => TypedResults.NoContent());
}
