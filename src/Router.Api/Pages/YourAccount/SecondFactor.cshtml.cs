using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Npgsql;
using Router.Api.Accounts.SecondFactors;
using Router.Api.Authentication;
using Router.Api.Changes;

namespace Router.Api.Pages.YourAccount;

/// <summary>The second factors of the account: what there is, and removing it. They are set up on pages of their own.</summary>
[WithoutSecondFactor]
internal sealed class SecondFactorModel(
    NpgsqlDataSource database, FactorsOfAccount factors, AuthenticatorApps apps, Passkeys passkeys, RecoveryCodes codes,
    RelyingParty relyingParty) : PageModel
{
    public const string Path = "/account/second-factor";

    /// <summary>Where whoever was led here wanted to go.</summary>
    [BindProperty(Name = "return", SupportsGet = true)]
    public string? Return { get; set; }

    public AppRow? App { get; private set; }

    public IReadOnlyList<PasskeyRow> Passkeys { get; private set; } = [];

    public int? CodesLeft { get; private set; }

    /// <summary>Why there are no passkeys here, or null.</summary>
    public string? Problem => relyingParty.Problem;

    /// <summary>Whether the account must have one, and has none.</summary>
    public bool IsMissing { get; private set; }

    /// <summary>Recovery codes; shown this once.</summary>
    public string[]? Made { get; private set; }

    /// <summary>Where to go on, once there is a factor; null where nobody was led here.</summary>
    public string? GoesOn => IsMissing || Return is null ? null : LocalPath.Of(Return, Url);

    /// <summary>For the pages that set one up.</summary>
    public QueryString Query => Return is null ? QueryString.Empty : QueryString.Create("return", Return);

    public async Task OnGet(CancellationToken cancellationToken)
    {
        Made = this.ShownNow<string[]>();
        await Load(cancellationToken);
    }

    [ConfirmFirst]
    public async Task<IActionResult> OnPostRemoveApp(CancellationToken cancellationToken)
    {
        var removed = await apps.Remove(cancellationToken);
        return await After(removed.Refusal, "The app is removed: its codes are not taken any more.", cancellationToken);
    }

    [ConfirmFirst]
    public async Task<IActionResult> OnPostRemovePasskey([FromForm(Name = "passkey")] Guid passkey, CancellationToken cancellationToken)
    {
        var removed = await passkeys.Remove(passkey, cancellationToken);
        return await After(
            removed.Refusal, $"{removed.Made} is removed: it is not taken any more. Delete it on your device, too.", cancellationToken);
    }

    [ConfirmFirst]
    public async Task<IActionResult> OnPostCodes(CancellationToken cancellationToken)
    {
        var made = await codes.Renew(cancellationToken);
        if (made.Refusal is null)
            this.ShowOnce(made.Made!);
        return await After(made.Refusal, sentence: null, cancellationToken);
    }

    private async Task<IActionResult> After(Refusal? refusal, string? sentence, CancellationToken cancellationToken)
    {
        if (refusal is not null)
        {
            await Load(cancellationToken);
            return this.Refused(refusal);
        }

        if (sentence is not null)
            this.Notice(sentence);
        return RedirectToPage();
    }

    private async Task Load(CancellationToken cancellationToken)
    {
        var account = HttpContext.Account();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        App = await AuthenticatorApps.Find(connection, account.Id);
        Passkeys = await Accounts.SecondFactors.Passkeys.List(connection, account.Id);
        CodesLeft = await RecoveryCodes.Left(connection, account.Id);
        IsMissing = App is null && Passkeys.Count == 0 && factors.IsRequired(account.Role);
    }
}
