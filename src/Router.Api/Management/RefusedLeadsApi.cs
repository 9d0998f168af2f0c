using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Api.Requests;
using Router.Core.Intake;

namespace Router.Api.Management;

/// <summary>Leads that were refused for their contents: looked at, corrected, taken in.</summary>
internal static class RefusedLeadsApi
{
    internal sealed record AcceptedLead(Guid EventId);

    /// <param name="Product">The username of the product that sent them.</param>
    /// <param name="Reason">The sentence that it got, as the list says it.</param>
    internal sealed record AcceptRequest(string? Product, string? Reason);

    public static void MapRefusedLeads(this RouteGroupBuilder api)
    {
        var group = api.MapGroup("/sites/{site:uuid}/refused-leads").RequireAuthorization(RouterAuthentication.SitePolicy)
            .ProducesProblem(404);
        group.MapGet("", List).WithName("listRefusedLeads")
            .WithSummary("Leads that were refused for their contents within 14 days, newest first; nothing of the contents")
            .Produces<Page<RefusedLead>>();
        group.MapGet("/{id:guid}/contents", Show).WithName("showRefusedLead")
            .WithSummary("The body as it was sent; that an operator looked is in the audit log")
            .Produces<byte[]>(200, "application/octet-stream");
        group.MapPost("/{id:guid}/accept", Accept).WithName("acceptRefusedLead")
            .WithSummary("Take one in as if it had just come: with the body of this request, or without one as it was sent")
            .Accepts<object>(isOptional: true, "application/json")
            .Produces<AcceptedLead>(201).ProducesProblem(409).ProducesValidationProblem(422);
        group.MapPost("/accept", AcceptAll).WithName("acceptRefusedLeads")
            .WithSummary("Try again all that a product sent and was refused for one reason").Produces<AcceptedAll>()
            .ProducesValidationProblem(422);
        group.MapDelete("/{id:guid}", Delete).WithName("deleteRefusedLead").WithSummary("Delete one for good").Produces(204);
    }

    private static async Task<IResult> List(
        Guid site, RefusedLeads leads, string? product, string? reason, Guid? cursor, int? limit, CancellationToken cancellationToken)
    {
        var take = Paging.Limit(limit);
        return TypedResults.Ok(Page<RefusedLead>.Of(
            await leads.Newest(site, product, reason, cursor, take + 1, cancellationToken), take, row => row.Id.ToString("D")));
    }

    private static async Task<IResult> Show(Guid site, Guid id, RefusedLeadSettings settings, CancellationToken cancellationToken) =>
        await settings.Show(site, id, cancellationToken) is { } contents ? TypedResults.Bytes(contents, "application/octet-stream")
            : Problems.NoSuch("refused lead, or its contents were too large to be kept");

    private static async Task<IResult> Accept(
        Guid site, Guid id, HttpRequest request, RefusedLeadSettings settings, CancellationToken cancellationToken) =>
        (await settings.Accept(site, id, WholeBodies.Of(request) is { Length: > 0 } body ? body : null, cancellationToken))
            .Answer(id => TypedResults.Json(new AcceptedLead(id), statusCode: StatusCodes.Status201Created));

    private static async Task<IResult> AcceptAll(
        Guid site, AcceptRequest request, RefusedLeadSettings settings, CancellationToken cancellationToken)
    {
        var problems = new FieldProblems();
        if (string.IsNullOrEmpty(request.Product))
            problems.Add("product", "'product' is required.");
        if (string.IsNullOrEmpty(request.Reason))
            problems.Add("reason", "'reason' is required.");
        return problems.Any ? Problems.Invalid(problems)
            : TypedResults.Ok(await settings.AcceptAll(site, request.Product!, request.Reason!, cancellationToken));
    }

    private static async Task<IResult> Delete(Guid site, Guid id, RefusedLeadSettings settings, CancellationToken cancellationToken) =>
        await settings.Delete(site, id, product: null, reason: null, cancellationToken) == 1 ? TypedResults.NoContent()
            : Problems.NoSuch("refused lead");
}
