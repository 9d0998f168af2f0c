using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;
using Router.Api.Accounts;
using Router.Api.Authentication;

namespace Router.Api.Pages;

[EnableRateLimiting(SignInRateLimit.Policy)]
internal sealed class SignInModel(SignIns signIns, Sessions sessions, LostPasswords lost, TimeZoneChoice zones, TimeProvider time,
    IOptions<SessionLimitOptions> options, IOptions<ProviderOptions> provider) : PageModel
{
    public bool TakesPasswords => provider.Value.RolesWithPassword.Length > 0;

    public bool PasswordsAreForOperators => provider.Value.RolesWithPassword is [Roles.Operator];

    public bool CanMail => lost.CanMail;

    [BindProperty(Name = "email")]
    public string? Email { get; set; }

    [BindProperty(Name = "password")]
    public string? Password { get; set; }

    [BindProperty(Name = "return", SupportsGet = true)]
    public string? Return { get; set; }

    /// <summary>What the browser says, where it has script.</summary>
    [BindProperty(Name = "time_zone")]
    public string? TimeZone { get; set; }

    /// <summary>Why they have to sign in again, where that is known.</summary>
    public string? SignedOut { get; private set; }

    public IActionResult OnGet()
    {
        if (HttpContext.SignedIn() is not null)
            return Redirect("/");

        SignedOut = SignedOutNotice.Take(HttpContext, TempData, options.Value);
        return Page();
    }

    public async Task<IActionResult> OnPost(CancellationToken cancellationToken)
    {
        if (await signIns.Try(HttpContext, Email ?? "", Password ?? "", cancellationToken) is { } owner
            && await sessions.Start(HttpContext, owner, WaysIn.Password, cancellationToken))
        {
            await zones.Suggest(owner, TimeZone, cancellationToken);
            TempData.Remove("tries");
            return Redirect(LocalPath.Of(Return, Url));
        }

        ModelState.AddModelError("", WrongTries.Count(TempData, Email ?? "", time.GetUtcNow()) is { } locked
            ? "Five tries were wrong. Whatever the password, from here an account with this e-mail stays locked for "
                + $"{Math.Ceiling(locked.TotalMinutes):0} more "
                + (locked.TotalMinutes > 1 ? "minutes. Wait that long, or ask an operator for a new link." : "minute. Wait that long.")
            : "E-mail and password do not fit together. After five wrong tries none from here is looked at for 15 minutes.");
        Response.StatusCode = StatusCodes.Status401Unauthorized;
        return Page();
    }
}
