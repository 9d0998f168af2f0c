using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Filters;
using Microsoft.Extensions.Options;
using Router.Api.Authentication;
using Router.Hosting.ApiSettings;

namespace Router.Api.Pages;

/// <summary>
/// Before a handler with <see cref="ConfirmFirstAttribute"/> runs, whoever is signed in has to confirm who they are, unless they did so
/// within <c>Sessions:ConfirmationLasts</c>. A form that was sent isn't lost: the browser is told to send it to /confirm (307), which shows
/// it hidden beside the question, and after the answer to where it was going.
/// </summary>
internal sealed class Confirmation : IAsyncPageFilter
{
    private const string Page = "/confirm";

    // As long as it may take somebody to find a password.
    private static readonly TimeSpan Lasts = TimeSpan.FromMinutes(30);

    public Task OnPageHandlerSelectionAsync(PageHandlerSelectedContext context) => Task.CompletedTask;

    public async Task OnPageHandlerExecutionAsync(PageHandlerExecutingContext context, PageHandlerExecutionDelegate next)
    {
        var http = context.HttpContext;
        if (context.HandlerMethod?.MethodInfo.GetCustomAttribute<ConfirmFirstAttribute>() is null || IsConfirmed(http))
        {
            await next();
            return;
        }

        var target = $"{http.Request.PathBase}{http.Request.Path}{http.Request.QueryString}";
        context.Result = http.IsChange()
            ? new RedirectResult($"{Page}{QueryString.Create("again", Protector(http).Protect(target, Lasts))}", permanent: false,
                preserveMethod: true)
            : new RedirectResult($"{Page}{QueryString.Create("return", target)}");
    }

    /// <summary>
    /// Where a form was going that came to /confirm instead; null where this session has sent none there, or too long ago. Only what the
    /// filter itself has kept: a link must not lead somebody to confirm what they never sent.
    /// </summary>
    public static string? Target(HttpContext http, string? again)
    {
        try
        {
            return again is null ? null : Protector(http).Unprotect(again);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static bool IsConfirmed(HttpContext http)
    {
        var (services, session) = (http.RequestServices, http.Account().Session);
        var lasts = services.GetRequiredService<IOptions<SessionLimitOptions>>().Value.ConfirmationLasts;
        return session?.ConfirmedAt > services.GetRequiredService<TimeProvider>().GetUtcNow() - lasts;
    }

    private static ITimeLimitedDataProtector Protector(HttpContext http) =>
        http.RequestServices.GetRequiredService<IDataProtectionProvider>()
            .CreateProtector("form-to-confirm", http.Account().Session!.Id.ToString("D")).ToTimeLimitedDataProtector();
}
