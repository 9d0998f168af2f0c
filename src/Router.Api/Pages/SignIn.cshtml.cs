using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;
using Router.Api.Accounts;
using Router.Api.Accounts.SecondFactors;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Hosting.ApiSettings;

namespace Router.Api.Pages;

[EnableRateLimiting(SignInRateLimit.Policy)]
internal sealed class SignInModel(
    SignIns signIns, SecondSteps steps, PasskeyAnswers passkeys, RelyingParty relyingParty, LostPasswords lost, TimeProvider time,
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

    /// <summary>For a passkey instead of a password; null where there are none.</summary>
    public PasskeyQuestion? Question { get; private set; }

    /// <summary>The only place where passkeys work.</summary>
    public Uri? Pages => relyingParty.Pages;

    public async Task<IActionResult> OnGet(CancellationToken cancellationToken)
    {
        if (HttpContext.SignedIn() is not null)
            return Redirect("/");

        SignedOut = SignedOutNotice.Take(HttpContext, TempData, options.Value);
        Question = await passkeys.Ask(account: null, cancellationToken);
        return Page();
    }

    [Uncounted]
    public async Task<IActionResult> OnPost(CancellationToken cancellationToken)
    {
        if (await signIns.Try(HttpContext, Email ?? "", Password ?? "", cancellationToken) is { } owner
            && await steps.Begin(HttpContext, Step(owner, WaysIn.Password), cancellationToken) is { } next)
        {
            TempData.Remove("tries");
            return Redirect(next);
        }

        return await Refused(WrongTries.Count(TempData, Email ?? "", time.GetUtcNow()) is { } locked
            ? "Five tries were wrong. Whatever the password, from here an account with this e-mail stays locked for "
                + $"{Math.Ceiling(locked.TotalMinutes):0} more "
                + (locked.TotalMinutes > 1 ? "minutes. Wait that long, or ask an operator for a new link." : "minute. Wait that long.")
            : "E-mail and password do not fit together. After five wrong tries none from here is looked at for 15 minutes.",
            cancellationToken);
    }

    [Uncounted]
    public async Task<IActionResult> OnPostPasskey(
        [FromForm(Name = "state")] string? state, [FromForm(Name = "credential")] string? credential,
        CancellationToken cancellationToken) =>
        await passkeys.Check(account: null, state, credential, cancellationToken) is { } owner
            && await steps.Start(HttpContext, Step(owner, WaysIn.Passkey), cancellationToken) is { } next
                ? Redirect(next)
                : await Refused(
                    "This passkey was not taken. If it is one of your account, sign in with your password and look under Your account, "
                    + "Second factor.", cancellationToken);

    private SecondStep Step(SessionOwner owner, string how) => new(owner, how, LocalPath.Of(Return, Url), TimeZone);

    private async Task<IActionResult> Refused(string sentence, CancellationToken cancellationToken)
    {
        Question = await passkeys.Ask(account: null, cancellationToken);
        return this.Wrong(sentence, StatusCodes.Status401Unauthorized);
    }
}
