using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.CookiePolicy;

namespace Router.Api.Authentication;

/// <summary>
/// The session of somebody who signed in on a page. Never taken by the API: there a token is needed, so no form elsewhere can call it.
/// </summary>
internal static class SessionCookie
{
    public const string SchemeName = "Session";

    private const string TokenClaim = "session";

    // Hosts of the version before look at this alone, as long as both run side by side.
    private const string StampClaim = "stamp";

    public static void AddSessionCookie(this IServiceCollection services, AuthenticationBuilder authentication)
    {
        authentication.AddCookie(SchemeName, options =>
        {
            options.Cookie.Name = "lead_router_session";
            options.Cookie.HttpOnly = true;
            options.Cookie.SameSite = SameSiteMode.Lax;
            options.LoginPath = "/sign-in";
            options.ReturnUrlParameter = "return";
            // The session's row says when it ends; this is longer than any may last.
            options.ExpireTimeSpan = TimeSpan.FromDays(91);
            options.SlidingExpiration = false;
            options.Events.OnValidatePrincipal = Validate;
            // The page of the status code says it; there is no page to be sent to.
            options.Events.OnRedirectToAccessDenied = context =>
            {
                context.Response.StatusCode = StatusCodes.Status403Forbidden;
                return Task.CompletedTask;
            };
        });
        services.Configure<AntiforgeryOptions>(options =>
        {
            options.Cookie.Name = "lead_router_form";
            options.FormFieldName = "form_token";
        });
        services.Configure<Microsoft.AspNetCore.Mvc.CookieTempDataProviderOptions>(options => options.Cookie.Name = "lead_router_notice");
        services.Configure<CookiePolicyOptions>(options =>
        {
            options.HttpOnly = HttpOnlyPolicy.Always;
            options.MinimumSameSitePolicy = SameSiteMode.Lax;
            // Over plain http a cookie would be for everybody on the way to read. On this machine alone there is no way.
            options.OnAppendCookie = cookie => cookie.CookieOptions.Secure = !IsLoopback(cookie.Context);
            options.OnDeleteCookie = cookie => cookie.CookieOptions.Secure = !IsLoopback(cookie.Context);
        });
    }

    /// <summary>What the cookie says, encrypted.</summary>
    public static ClaimsPrincipal Principal(SessionOwner owner, string token) => new(new ClaimsIdentity(
        [new Claim(ClaimTypes.NameIdentifier, owner.Id.ToString("D")), new Claim(ClaimTypes.Name, owner.Email),
            new Claim(TokenClaim, token), new Claim(StampClaim, owner.Stamp.ToString("D"))], SchemeName));

    private static bool IsLoopback(HttpContext context) =>
        !context.Request.IsHttps
        && (context.Request.Host.Host == "localhost" || IPAddress.TryParse(context.Request.Host.Host, out var address)
            && IPAddress.IsLoopback(address));

    private static async Task Validate(CookieValidatePrincipalContext context)
    {
        var http = context.HttpContext;
        var accounts = http.RequestServices.GetRequiredService<AccountDirectory>();
        var found = context.Principal!.FindFirstValue(TokenClaim) is { } token
            ? await accounts.FindBySession(token, ClientAddress.Of(http), http.RequestAborted) : null;
        if (found is { Account: { } account })
        {
            http.Features.Set(account);
            return;
        }

        // The page to which they are sent says why.
        if (found is { End: { } end })
            http.Features.Set(new EndedSession(end));
        context.RejectPrincipal();
        await http.SignOutAsync(SchemeName);
    }
}

/// <summary>That the session of this request is over.</summary>
/// <param name="Why">One of <see cref="SessionEnds"/>.</param>
internal sealed record EndedSession(string Why);
