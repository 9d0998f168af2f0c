using Router.Api.Authentication;
using Router.Core.Retention;

namespace Router.Api.Management;

/// <summary>Erases what the law says must go: rows and their counts stay, without anything that tells of a person.</summary>
internal static class ErasureApi
{
    internal sealed record ErasedSite(int Events, int Canceled, bool More);

    public static void MapErasure(this RouteGroupBuilder api)
    {
        api.MapDelete("/sites/{site:uuid}/leads/{lead:uuid}", EraseLead).RequireAuthorization(RouterAuthentication.SitePolicy)
            .WithName("eraseLead").WithSummary("Erase a lead: its contents, its id and what receivers answered; what waits is canceled")
            .Produces<Erased>().ProducesProblem(404).ProducesProblem(409);
        api.MapPost("/sites/{site:uuid}/erasure", EraseSite).RequireAuthorization(RouterAuthentication.OperatorPolicy)
            .WithName("eraseSite").WithSummary("Erase all leads and users of a site, at most 10,000 events at a time")
            .Produces<ErasedSite>().ProducesProblem(403).ProducesProblem(404).ProducesProblem(409);
    }

    private static async Task<IResult> EraseLead(Guid site, Guid lead, LeadErasure erasure, CancellationToken cancellationToken) =>
        (await erasure.Lead(site, lead, cancellationToken)).Answer(TypedResults.Ok);

    private static async Task<IResult> EraseSite(Guid site, LeadErasure erasure, CancellationToken cancellationToken) =>
        (await erasure.Site(site, cancellationToken))
            .Answer(erased => TypedResults.Ok(new ErasedSite(erased.Events, erased.Canceled, erased.Events == Erasure.Most)));
}
