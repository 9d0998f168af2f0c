using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.RateLimiting;
using Router.Api.Accounts;
using Router.Api.Authentication;
using Router.Api.Changes;

namespace Router.Api.Pages;

/// <summary>
/// Asks whoever is signed in to show once more that they are the account. Another way than the password is another form here, whose handler
/// ends with <see cref="GoOn"/>.
/// </summary>
[WithoutSecondFactor]
[EnableRateLimiting(SignInRateLimit.Policy)]
internal sealed class ConfirmModel(SignIns signIns, Sessions sessions) : PageModel
{
    private const string PasswordField = "confirm_password";

    private static readonly string[] Own = [PasswordField, "confirm_username", "form_token"];

    /// <summary>Where the form that came with it was going, encrypted.</summary>
    [FromQuery(Name = "again")]
    public string? Again { get; set; }

    /// <summary>The page that asked for it, where no form was sent.</summary>
    [FromQuery(Name = "return")]
    public string? Return { get; set; }

    /// <summary>Whether there is a password to ask for: who comes from another system may have none.</summary>
    public bool HasPassword { get; private set; }

    /// <summary>The form that was sent, to be sent again.</summary>
    public IReadOnlyList<(string Name, string Value)> Kept { get; private set; } = [];

    public string Action => $"{Request.PathBase}{Request.Path}{Request.QueryString}";

    /// <summary>The page whose form it was, or which was asked for before.</summary>
    public string Back => Target is { } target ? target.Split('?')[0] : LocalPath.Of(Return, Url);

    private string? Target => Confirmation.Target(HttpContext, Again);

    public Task OnGet(CancellationToken cancellationToken) => Load(cancellationToken);

    [Uncounted]
    public async Task<IActionResult> OnPost(CancellationToken cancellationToken)
    {
        await Load(cancellationToken);
        // A form has just come here instead of to its page.
        if (!Request.Form.ContainsKey(PasswordField))
            return Page();

        if ((await signIns.Ask(HttpContext, $"{Request.Form[PasswordField]}", cancellationToken)).Problem() is not { } problem)
        {
            await sessions.Confirm(HttpContext, WaysIn.Password, cancellationToken);
            return GoOn();
        }

        ModelState.AddModelError(PasswordField, problem);
        Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return Page();
    }

    /// <summary>Sends the kept form to where it was going, or goes back to the page that asked.</summary>
    private RedirectResult GoOn() => Target is { } target
        ? new RedirectResult(target, permanent: false, preserveMethod: true)
        : Redirect(LocalPath.Of(Return, Url));

    private async Task Load(CancellationToken cancellationToken)
    {
        HasPassword = await signIns.HasPassword(HttpContext.Account().Id, cancellationToken);
        if (HttpMethods.IsPost(Request.Method) && Target is not null)
            Kept = [.. Request.Form.Where(field => !Own.Contains(field.Key, StringComparer.Ordinal))
                .SelectMany(field => field.Value.Select(value => (field.Key, value ?? "")))];
    }
}
