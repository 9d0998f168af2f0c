using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Router.Core.Leads;

namespace Router.Api.Authentication;

/// <summary>
/// The account may see the site of the path, and change it where the request would. To anybody who may not see it the site isn't there.
/// </summary>
/// <param name="changes">Whether viewers may not even look: at pages that are nothing but a form.</param>
internal sealed class SiteAccess(bool changes = false) : IAuthorizationRequirement
{
    public bool IsMet(HttpContext http, Account account) =>
        SiteOf(http) is { } site && account.MaySee(site)
        && (account.MayChange(site) || (!changes && (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method))));

    public static Guid? SiteOf(HttpContext http) => Uuids.TryParse(http.GetRouteValue("site") as string, out var site) ? site : null;
}

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
            if (requirement is OperatorOnly && account.IsOperator || requirement is SiteAccess access && access.IsMet(http, account))
                context.Succeed(requirement);
        }

        return Task.CompletedTask;
    }
}

/// <summary>Why an account that may see a site may not do this there.</summary>
/// <param name="Sentence">For people.</param>
internal sealed record AccessRefusal(string Sentence)
{
    public static readonly AccessRefusal OfViewer = new(
        "This account is a viewer of the site: it sees everything and changes nothing. An owner of the site can make it an owner.");
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
        if (MaySee(context))
        {
            context.Features.Set(AccessRefusal.OfViewer);
            return Default.HandleAsync(next, context, policy, authorizeResult);
        }

        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private static bool MaySee(HttpContext context) =>
        context.SignedIn() is { } account && SiteAccess.SiteOf(context) is { } site && account.MaySee(site);
}
