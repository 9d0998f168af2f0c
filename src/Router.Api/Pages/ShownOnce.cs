using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Router.Api.Authentication;

namespace Router.Api.Pages;

/// <summary>
/// A secret that was just made, for the page after the redirect: reloading that makes no other one. Until it is shown the browser keeps it,
/// encrypted, for this account and this page only, and for ten minutes.
/// </summary>
internal static class ShownOnce
{
    private static readonly TimeSpan Lasts = TimeSpan.FromMinutes(10);

    public static void ShowOnce<T>(this PageModel page, T made) =>
        page.TempData[Key(page)] = Protector(page).Protect(JsonSerializer.Serialize(made), Lasts);

    /// <summary>What is to be shown now, and never again; null when there is nothing.</summary>
    public static T? ShownNow<T>(this PageModel page) where T : class
    {
        if (page.TempData[Key(page)] is not string kept)
            return null;

        try
        {
            return JsonSerializer.Deserialize<T>(Protector(page).Unprotect(kept));
        }
        catch (CryptographicException)
        {
            // Too old, or made for somebody else.
            return null;
        }
    }

    private static string Key(PageModel page) => $"once {page.Request.Path}";

    private static ITimeLimitedDataProtector Protector(PageModel page) =>
        page.HttpContext.RequestServices.GetRequiredService<IDataProtectionProvider>()
        .CreateProtector("shown-once", page.HttpContext.Account().Id.ToString("D"), page.Request.Path).ToTimeLimitedDataProtector();
}
