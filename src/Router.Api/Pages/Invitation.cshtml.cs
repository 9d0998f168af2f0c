using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.RateLimiting;
using Router.Api.Accounts;
using Router.Api.Accounts.SecondFactors;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Api.Management;

namespace Router.Api.Pages;

/// <summary>The one-time link: whoever has it chooses the password. Not used up by looking at it.</summary>
[EnableRateLimiting(SignInRateLimit.Policy)]
internal sealed class InvitationModel(Passwords passwords, SecondSteps steps) : PageModel
{
    [FromRoute]
    public string Token { get; set; } = "";

    [BindProperty(Name = "password")]
    public string? Password { get; set; }

    /// <summary>What the browser says, where it has script.</summary>
    [BindProperty(Name = "time_zone")]
    public string? TimeZone { get; set; }

    /// <summary>Null when the link is no longer good.</summary>
    public string? Email { get; private set; }

    /// <summary>Whether this account signs in with a password, rather than at the provider alone.</summary>
    public bool MayChoose { get; private set; } = true;

    public async Task<IActionResult> OnGet(CancellationToken cancellationToken)
    {
        await Load(cancellationToken);
        return Page();
    }

    public async Task<IActionResult> OnPost(CancellationToken cancellationToken)
    {
        await Load(cancellationToken);
        if (Email is null || !MayChoose)
            return Page();

        var problems = new FieldProblems();
        problems.RequirePassword("password", Password, await passwords.About(Email, cancellationToken));
        if (problems.Any)
            return this.Refused(Refusal.Invalid(problems));
        if (await passwords.Accept(Token, Email, Password!, cancellationToken) is not { } owner
            || await steps.Begin(HttpContext, new SecondStep(owner, WaysIn.Invitation, "/", TimeZone), cancellationToken) is not { } next)
            return Redirect("/sign-in");

        this.Notice(next == SecondSteps.Path ? "Your new password is set." : "Welcome. Your password is set and you are signed in.");
        return Redirect(next);
    }

    private async Task Load(CancellationToken cancellationToken)
    {
        Email = await passwords.Invited(Token, cancellationToken);
        MayChoose = Email is null || await passwords.MayHave(Email, cancellationToken);
    }
}
