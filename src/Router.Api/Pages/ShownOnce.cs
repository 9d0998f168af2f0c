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

    /// <param name="page">The page that made it.</param>
    /// <param name="made">The secret.</param>
    /// <param name="at">The path of the page that shows it, where that is another one.</param>
    public static void ShowOnce<T>(this PageModel page, T made, string? at = null) =>
        page.TempData[Key(at ?? page.Request.Path)] = Protector(page, at ?? page.Request.Path)
            .Protect(JsonSerializer.Serialize(made), Lasts);

    /// <summary>What is to be shown now, and never again; null when there is nothing.</summary>
    public static T? ShownNow<T>(this PageModel page) where T : class
    {
        if (page.TempData[Key(page.Request.Path)] is not string kept)
            return null;

        try
        {
            return JsonSerializer.Deserialize<T>(Protector(page, page.Request.Path).Unprotect(kept));
        }
        catch (CryptographicException)
        {
            // Too old, or made for somebody else.
            return null;
        }
    }

    private static string Key(string path) => $"once {path}";

    private static ITimeLimitedDataProtector Protector(PageModel page, string path) =>
        page.HttpContext.RequestServices.GetRequiredService<IDataProtectionProvider>()
        .CreateProtector("shown-once", page.HttpContext.Account().Id.ToString("D"), path).ToTimeLimitedDataProtector();
}
