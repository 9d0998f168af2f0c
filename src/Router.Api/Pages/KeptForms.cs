using System.Reflection;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Filters;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.Mvc.ViewFeatures;

namespace Router.Api.Pages;

/// <summary>
/// What somebody sent after their session had ended is filled in again once they have signed in. Until then their browser keeps it,
/// encrypted and for half an hour; passwords and the like aren't kept.
/// </summary>
internal sealed class KeptForms : IAsyncPageFilter
{
    private const string Key = "kept form";

    // Cookies travel with every request.
    private const int Most = 6_000;

    private static readonly string[] Secret = ["password", "secret", "client_certificate", "token", "header_value"];

    private static readonly string[] SecretFields = ["key", "value", "code", "state", "credential"];

    private static readonly TimeSpan Lasts = TimeSpan.FromMinutes(30);

    private sealed record Kept(string Path, Dictionary<string, string> Fields);

    /// <summary>Sends somebody to sign in, and keeps what they have sent.</summary>
    public static async Task Keep(RedirectContext<CookieAuthenticationOptions> context)
    {
        var request = context.Request;
        var kept = context.HttpContext.RequestServices.GetRequiredService<ITempDataDictionaryFactory>().GetTempData(context.HttpContext);
        if (HttpMethods.IsPost(request.Method) && request.HasFormContentType && request.ContentLength <= Most && IsOwn(request))
        {
            var form = await request.ReadFormAsync(context.HttpContext.RequestAborted);
            var fields = form.Where(
                field => field.Key != "form_token" && !SecretFields.Contains(field.Key)
                    && !Secret.Any(part => field.Key.Contains(part, StringComparison.OrdinalIgnoreCase)))
                .ToDictionary(field => field.Key, field => field.Value.ToString(), StringComparer.Ordinal);
            kept[Key] = Protector(context.HttpContext).Protect(JsonSerializer.Serialize(new Kept(request.Path, fields)), Lasts);
        }

        SignedOutNotice.Leave(context.HttpContext, kept);
        kept.Save();

        // Without scheme and host, which whoever sends the request can set.
        var target = $"{request.PathBase}{request.Path}{request.QueryString}";
        context.Response.Redirect($"{request.PathBase}/sign-in{QueryString.Create(context.Options.ReturnUrlParameter, target)}");
    }

    public Task OnPageHandlerSelectionAsync(PageHandlerSelectedContext context) => Task.CompletedTask;

    public async Task OnPageHandlerExecutionAsync(PageHandlerExecutingContext context, PageHandlerExecutionDelegate next)
    {
        var executed = await next();
        if (!HttpMethods.IsGet(context.HttpContext.Request.Method) || executed.Result is not (null or PageResult)
            || context.HandlerInstance is not PageModel page
            || Find(page) is not { } kept)
            return;

        page.TempData.Remove(Key);
        foreach (var (name, value) in kept.Fields)
        {
            page.ModelState.SetModelValue(name, value, value);
            Set(page, name, value);
        }

        page.Notice(
            "Your session had ended, and nothing was saved. What you typed is filled in again: look it over and send it once more.");
    }

    // The form of another website comes without the session, too, and must not be filled in here. Browsers say where a form is from.
    private static bool IsOwn(HttpRequest request) => request.Headers["Sec-Fetch-Site"].ToString() is { Length: > 0 } site
        ? site == "same-origin"
        : Uri.TryCreate(request.Headers.Origin.ToString(), UriKind.Absolute, out var from) && from.Authority == request.Host.Value;

    private static Kept? Find(PageModel page)
    {
        if (page.TempData.Peek(Key) is not string text)
            return null;

        try
        {
            return JsonSerializer.Deserialize<Kept>(Protector(page.HttpContext).Unprotect(text)) is { } kept
                && kept.Path == page.Request.Path ? kept : null;
        }
        catch (CryptographicException)
        {
            page.TempData.Remove(Key);
            return null;
        }
    }

    // Ticks and choices are shown from the page's own properties.
    private static void Set(PageModel page, string field, string value)
    {
        var property = page.GetType().GetProperties()
            .FirstOrDefault(candidate => candidate.GetCustomAttribute<BindPropertyAttribute>()?.Name == field);
        if (property?.PropertyType == typeof(string))
            property.SetValue(page, value);
        else if (property?.PropertyType == typeof(bool))
            property.SetValue(page, value == "true");
    }

    private static ITimeLimitedDataProtector Protector(HttpContext context) =>
        context.RequestServices.GetRequiredService<IDataProtectionProvider>().CreateProtector("kept-form").ToTimeLimitedDataProtector();
}
