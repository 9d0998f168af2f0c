using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Router.Core.Leads;
using Router.Hosting;

namespace Router.Api.Authentication;

/// <summary>
/// The account may see the site of the path, and change it where the request would. To anybody who may not see it the site isn't there.
/// </summary>
/// <param name="changes">Whether viewers may not even look: at pages that are nothing but a form.</param>
internal sealed class SiteAccess(bool changes = false) : IAuthorizationRequirement
{
    public bool IsMet(HttpContext http, Account account) =>
        SiteOf(http) is { } site && account.MaySee(site) && (account.MayChange(site) || (!changes && !http.IsChange()));

    public static Guid? SiteOf(HttpContext http) => Uuids.TryParse(http.GetRouteValue("site") as string, out var site) ? site : null;
}

/// <summary>The account is an operator, with a token that goes as far as this request.</summary>
internal sealed class OperatorOnly : IAuthorizationRequirement;

/// <summary>Not with a token that only reads.</summary>
internal sealed class AccountChange : IAuthorizationRequirement;

internal sealed class AccountAccessHandler : IAuthorizationHandler
{
    public Task HandleAsync(AuthorizationHandlerContext context)
    {
        if (context.Resource is not HttpContext http || http.SignedIn() is not { } account)
            return Task.CompletedTask;

        foreach (var requirement in context.PendingRequirements)
        {
            if (requirement switch
                {
                    OperatorOnly => account.MayOperate(http.IsChange()),
                    SiteAccess access => access.IsMet(http, account),
                    AccountChange => account.Token?.Scope != TokenScopes.Read || !http.IsChange(),
                    _ => false,
                })
                context.Succeed(requirement);
        }

        return Task.CompletedTask;
    }
}

internal static class RequestMethod
{
    /// <summary>Whether the request asks for more than to be shown something.</summary>
    public static bool IsChange(this HttpContext http) =>
        !HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method);
}

/// <summary>Why somebody who is known may not do this.</summary>
/// <param name="Sentence">For people.</param>
internal sealed record AccessRefusal(string Sentence)
{
    public static readonly AccessRefusal OfExpiredToken = new("This API token has expired. Make a new one under Your account.");

    /// <summary>Where the account may what its token may not.</summary>
    public static AccessRefusal? OfToken(TokenOfRequest token) => token switch
    {
        { Scope: TokenScopes.Read } => new("This API token only reads. Use one with the scope configure, or operate."),
        { Sites: not null } => new("This API token is for some sites only. Use one that isn't limited to sites."),
        { Scope: TokenScopes.Configure } => new("This API token configures sites only. Use one with the scope operate."),
        _ => null,
    };

    public static readonly AccessRefusal OfViewer = new(
        "This account is a viewer of the site: it sees everything and changes nothing. An owner of the site can make it an owner.");
}

/// <summary>Answers 404 where a site is somebody else's, so that nobody can find out which sites there are.</summary>
internal sealed class HideOtherSites(AccessLog log) : IAuthorizationMiddlewareResultHandler, IDisposable
{
    private static readonly AuthorizationMiddlewareResultHandler Default = new();

    // Refusals are written before the account has a place: some connections are enough for all of them.
    private readonly PlacesByKey<Guid> _turns = new((account => account, Most: 1, MostWaiting: 100), (_ => "", Most: 4, MostWaiting: 400));

    public async Task HandleAsync(
        RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        if (!authorizeResult.Forbidden)
        {
            await Default.HandleAsync(next, context, policy, authorizeResult);
            return;
        }

        var account = context.SignedIn();
        if (account is not null)
            await Write(context, account);
        if (!policy.Requirements.OfType<SiteAccess>().Any())
        {
            if (account is { Role: Roles.Operator, Token: { } token } || policy.Requirements.OfType<AccountChange>().Any())
                context.Features.Set(AccessRefusal.OfToken(account!.Token!));
            await Default.HandleAsync(next, context, policy, authorizeResult);
            return;
        }

        if (account is not null && SiteAccess.SiteOf(context) is { } site && account.MaySee(site))
        {
            context.Features.Set(
                account.Token is { Scope: TokenScopes.Read } read && !account.Viewed.Contains(site) ? AccessRefusal.OfToken(read)
                    : AccessRefusal.OfViewer);
            await Default.HandleAsync(next, context, policy, authorizeResult);
            return;
        }

        context.Response.StatusCode = StatusCodes.Status404NotFound;
    }

    public void Dispose() => _turns.Dispose();

    private async Task Write(HttpContext context, Account account)
    {
        using var turn = await _turns.AcquireAsync(account.Id, 1, context.RequestAborted);
        // Of so many at once the others are there already.
        if (turn.IsAcquired)
            await log.Write(
                context, AccessEvents.Refused, account.Id, detail: Asked(context, account), cancellationToken: context.RequestAborted);
    }

    /// <summary>What was asked for, without what stands in the path: however many ids are tried, it is one line of the log.</summary>
    private static string Asked(HttpContext context, Account account) =>
        $"{context.Request.Method} /{(context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText?.TrimStart('/')}"
        + (account.Token is null ? "" : " with an API token");
}
