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
            options.ExpireTimeSpan = TimeSpan.FromHours(12);
            options.SlidingExpiration = true;
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

    /// <summary>Starts a session.</summary>
    public static Task SignIn(this HttpContext context, Session session) => context.SignInAsync(
        SchemeName,
        new ClaimsPrincipal(new ClaimsIdentity(
            [new Claim(ClaimTypes.NameIdentifier, session.Id.ToString("D")), new Claim(ClaimTypes.Name, session.Email),
                new Claim(StampClaim, session.Stamp.ToString("D"))], SchemeName)));

    private static bool IsLoopback(HttpContext context) =>
        !context.Request.IsHttps
        && (context.Request.Host.Host == "localhost" || IPAddress.TryParse(context.Request.Host.Host, out var address)
            && IPAddress.IsLoopback(address));

    private static async Task Validate(CookieValidatePrincipalContext context)
    {
        var accounts = context.HttpContext.RequestServices.GetRequiredService<AccountDirectory>();
        if (Guid.TryParse(context.Principal!.FindFirstValue(ClaimTypes.NameIdentifier), out var id)
            && Guid.TryParse(context.Principal!.FindFirstValue(StampClaim), out var stamp)
            && await accounts.Find(id, stamp, context.HttpContext.RequestAborted) is { } account)
        {
            context.HttpContext.Features.Set(account);
            return;
        }

        context.RejectPrincipal();
        await context.HttpContext.SignOutAsync(SchemeName);
    }
}
