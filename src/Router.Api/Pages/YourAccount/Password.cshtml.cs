using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.RateLimiting;
using Npgsql;
using Router.Api.Accounts;
using Router.Api.Authentication;
using Router.Api.Changes;

namespace Router.Api.Pages.YourAccount;

[EnableRateLimiting(SignInRateLimit.Policy)]
internal sealed class PasswordModel(
    NpgsqlDataSource database, SignIns signIns, Sessions sessions, Passwords passwords, ApiTokens tokens) : PageModel
{
    [BindProperty(Name = "current_password")]
    public string? CurrentPassword { get; set; }

    [BindProperty(Name = "password")]
    public string? Password { get; set; }

    [BindProperty(Name = "revoke_tokens")]
    public bool RevokeTokens { get; set; }

    /// <summary>How many the account has.</summary>
    public int Tokens { get; private set; }

    public Task OnGet(CancellationToken cancellationToken) => Load(cancellationToken);

    public async Task<IActionResult> OnPost(CancellationToken cancellationToken)
    {
        await Load(cancellationToken);
        var account = HttpContext.Account();
        var problems = new FieldProblems();
        problems.RequirePassword("password", Password, await passwords.About(account.Email, cancellationToken));
        if (!problems.Any && (await signIns.Ask(HttpContext, CurrentPassword ?? "", cancellationToken)).Problem() is { } problem)
            problems.Add("current_password", problem);
        if (problems.Any)
            return this.Refused(Refusal.Invalid(problems));

        if (await passwords.Change(Password!, RevokeTokens, cancellationToken) is { } owner
            && await sessions.Start(HttpContext, owner, WaysIn.Password, cancellationToken))
        {
            this.Notice("Your password is changed. Everywhere else you are signed out. " + (Tokens, RevokeTokens) switch
            {
                (0, _) => "",
                (_, true) => "Your API tokens are revoked.",
                _ => "Your API tokens go on.",
            });
        }

        return RedirectToPage();
    }

    private async Task Load(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        Tokens = (await tokens.List(connection)).Count;
    }
}
