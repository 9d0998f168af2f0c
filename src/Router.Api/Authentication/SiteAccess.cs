using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Router.Core.Leads;

namespace Router.Api.Authentication;

/// <summary>The account may see the site of the path. To anybody else the site isn't there.</summary>
internal sealed class SiteAccess : IAuthorizationRequirement;

/// <summary>The account is an operator.</summary>
internal sealed class OperatorOnly : IAuthorizationRequirement;

internal sealed class AccountAccessHandler : IAuthorizationHandler
{
    public Task HandleAsync(AuthorizationHandlerContext context)
    {
        if (context.Resource is not HttpContext http || http.SignedIn() is not { } account)
            return Task.CompletedTask;

        foreach (var requirement in context.PendingRequirements)
        {
            if (requirement is OperatorOnly && account.IsOperator
                || requirement is SiteAccess && Uuids.TryParse(http.GetRouteValue("site") as string, out var site) && account.MaySee(site))
            {
                context.Succeed(requirement);
            }
        }

        return Task.CompletedTask;
    }
}

/// <summary>Answers 404 where a site is somebody else's, so that nobody can find out which sites there are.</summary>
internal sealed class HideOtherSites : IAuthorizationMiddlewareResultHandler
{
    private static readonly AuthorizationMiddlewareResultHandler Default = new();

    public Task HandleAsync(
        RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        if (!authorizeResult.Forbidden || !policy.Requirements.OfType<SiteAccess>().Any())
            return Default.HandleAsync(next, context, policy, authorizeResult);

        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }
}
