using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.RateLimiting;
using Npgsql;
using Router.Api.Accounts.SecondFactors;

namespace Router.Api.Pages.YourAccount;

/// <summary>Asks the browser to make a passkey. The answer comes with the form; there is no other way for it.</summary>
[WithoutSecondFactor]
[EnableRateLimiting(SignInRateLimit.Policy)]
internal sealed class NewPasskeyModel(NpgsqlDataSource database, Passkeys passkeys, RelyingParty relyingParty) : PageModel
{
    [BindProperty(Name = "name")]
    public string? Name { get; set; }

    [BindProperty(Name = "state")]
    public string? State { get; set; }

    /// <summary>What the browser answered.</summary>
    [BindProperty(Name = "credential")]
    public string? Credential { get; set; }

    /// <summary>Where whoever was led here wanted to go.</summary>
    [BindProperty(Name = "return", SupportsGet = true)]
    public string? Return { get; set; }

    /// <summary>Null where there are no passkeys.</summary>
    public PasskeyQuestion? Question { get; private set; }

    /// <summary>Why there are none.</summary>
    public string? Problem => relyingParty.Problem;

    /// <summary>The only place where they work.</summary>
    public Uri? Pages => relyingParty.Pages;

    [ConfirmFirst]
    public Task OnGet(CancellationToken cancellationToken) => Ask(cancellationToken);

    [ConfirmFirst]
    public async Task<IActionResult> OnPost(CancellationToken cancellationToken)
    {
        var added = await passkeys.Add(Name, State, Credential, cancellationToken);
        if (added.Refusal is { } refusal)
        {
            await Ask(cancellationToken);
            return this.Refused(refusal);
        }

        return this.SetUp($"{Name} is added.", added.Made!, Return);
    }

    private async Task Ask(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        Question = await passkeys.Ask(connection);
    }
}
