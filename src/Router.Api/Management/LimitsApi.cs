using Router.Api.Authentication;
using Router.Core.Deliveries;

namespace Router.Api.Management;

/// <summary>What a site may have, and what it has of that.</summary>
internal static class LimitsApi
{
    public static void MapLimits(this RouteGroupBuilder api) =>
        api.MapGet("/sites/{site:uuid}/limits", List).RequireAuthorization(RouterAuthentication.SitePolicy)
            .WithName("listLimits")
            .WithSummary("What the site may have, and what it has of that; an operator changes it by limits of the site")
            .Produces<Page<LimitOfSite>>().ProducesProblem(404);

    private static async Task<IResult> List(Guid site, SiteUse use, CancellationToken cancellationToken) =>
        await use.Of(site, cancellationToken) is { Count: > 0 } limits ? TypedResults.Ok(new Page<LimitOfSite>(limits, Next: null))
            : Changes.Problems.NoSuch("site");
}
