using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Npgsql;
using Router.Api.Accounts;
using Router.Api.Accounts.SecondFactors;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Api.Management;

namespace Router.Api.Pages.Operator;

/// <summary>All accounts. A link is shown once, by the page after the one that made it.</summary>
internal sealed class AccountsModel(
    NpgsqlDataSource database, AccountSettings accounts, SessionList sessions, FactorsOfAccount factors, AccountMail mail) : PageModel
{
    private const int PageSize = 50;

    [BindProperty(Name = "find", SupportsGet = true)]
    public string? Find { get; set; }

    [BindProperty(Name = "after", SupportsGet = true)]
    public Guid? After { get; set; }

    [BindProperty(Name = "email")]
    public string? Email { get; set; }

    [BindProperty(Name = "role")]
    public string? Role { get; set; } = Roles.Owner;

    public bool CanMail => mail.IsSet;

    public IReadOnlyList<AccountRow> Rows { get; private set; } = [];

    public string? Next { get; private set; }

    /// <summary>Shown this once.</summary>
    public Invitation? Invited { get; private set; }

    public async Task OnGet(CancellationToken cancellationToken)
    {
        Invited = this.ShownNow<Invitation>();
        await Load(cancellationToken);
    }

    [ConfirmFirst]
    public async Task<IActionResult> OnPostInvite(CancellationToken cancellationToken) =>
        await Show(await accounts.Invite(new NewAccount(Email, Role), cancellationToken), cancellationToken);

    [ConfirmFirst]
    public async Task<IActionResult> OnPostLink([FromForm(Name = "account")] Guid account, CancellationToken cancellationToken) =>
        await Show(await accounts.NewLink(account, onlyOf: null, cancellationToken), cancellationToken);

    [ConfirmFirst]
    public async Task<IActionResult> OnPostDisable([FromForm(Name = "account")] Guid account, CancellationToken cancellationToken)
    {
        var disabled = await accounts.Disable(account, cancellationToken);
        if (disabled.Refusal is { } refusal)
        {
            await Load(cancellationToken);
            return this.Refused(refusal);
        }

        this.Notice("The account is disabled: its sessions, API tokens and links have ended.");
        return RedirectToPage(new { find = Find });
    }

    /// <summary>Needs no confirmation: it takes nothing that the account can't have again.</summary>
    public async Task<IActionResult> OnPostSignOut([FromForm(Name = "account")] Guid account, CancellationToken cancellationToken)
    {
        var ended = await sessions.EndOf(account, session: null, cancellationToken);
        if (ended.Refusal is { } refusal)
            return this.Refused(refusal);

        this.Notice("Signed out everywhere. It can sign in again; its API tokens go on.");
        return RedirectToPage(new { find = Find, after = After });
    }

    [ConfirmFirst]
    public async Task<IActionResult> OnPostFactors([FromForm(Name = "account")] Guid account, CancellationToken cancellationToken)
    {
        var removed = await factors.RemoveAll(account, cancellationToken);
        if (removed.Refusal is { } refusal)
        {
            await Load(cancellationToken);
            return this.Refused(refusal);
        }

        this.Notice($"{removed.Made} has no second factor any more and is signed out: its password lets it in.");
        return RedirectToPage(new { find = Find });
    }

    private async Task<IActionResult> Show(Change<Invitation> change, CancellationToken cancellationToken)
    {
        if (change.Refusal is { } refusal)
        {
            await Load(cancellationToken);
            return this.Refused(refusal, "email");
        }

        this.ShowOnce(change.Made!);
        return RedirectToPage(new { find = Find, after = After });
    }

    private async Task Load(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = await AccountSettings.List(
            connection, find: string.IsNullOrWhiteSpace(Find) ? null : Find.Trim(), after: After, limit: PageSize + 1);
        (Rows, Next) = Page<AccountRow>.Of(rows, PageSize, row => row.Id.ToString("D"));
    }
}
