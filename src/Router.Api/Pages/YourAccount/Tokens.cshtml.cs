using Dapper;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Npgsql;
using Router.Api.Accounts;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Core.Leads;

namespace Router.Api.Pages.YourAccount;

/// <summary>The account's own API tokens. A new one is shown once, by the page after the one that made it.</summary>
internal sealed class TokensModel(NpgsqlDataSource database, ApiTokens tokens, TimeProvider time) : PageModel
{
    [BindProperty(Name = "name")]
    public string? TokenName { get; set; }

    [BindProperty(Name = "scope")]
    public string? TokenScope { get; set; }

    [BindProperty(Name = "site")]
    public string? TokenSite { get; set; }

    [BindProperty(Name = "days")]
    public int? TokenDays { get; set; } = 90;

    /// <summary>Of an owner, to choose from.</summary>
    public IReadOnlyList<(Guid Id, string Name)> Sites { get; private set; } = [];

    public IReadOnlyList<ApiTokenRow> Tokens { get; private set; } = [];

    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Shown this once.</summary>
    public NewApiToken? Made { get; private set; }

    public async Task OnGet(CancellationToken cancellationToken)
    {
        Made = this.ShownNow<NewApiToken>();
        await Load(cancellationToken);
    }

    [ConfirmFirst]
    public async Task<IActionResult> OnPostToken(CancellationToken cancellationToken)
    {
        Guid[]? sites = null;
        if (!string.IsNullOrWhiteSpace(TokenSite))
        {
            if (!Uuids.TryParse(TokenSite, out var site))
                return await Again(Refusal.Invalid("This is not the id of a site.", "site"), cancellationToken);
            sites = [site];
        }

        var made = await tokens.Create(
            new TokenFields(
                TokenName, TokenScope, sites, TokenDays is > 0 and <= 3_660 ? time.GetUtcNow().AddDays(TokenDays.Value) : null),
            cancellationToken);
        if (made.Refusal is { } refusal)
            return await Again(refusal, cancellationToken);

        this.ShowOnce(made.Made!);
        return RedirectToPage();
    }

    [Uncounted]
    public async Task<IActionResult> OnPostRevoke(Guid token, CancellationToken cancellationToken)
    {
        await tokens.Revoke(token, cancellationToken);
        this.Notice("The token is revoked: nobody can use it any more.");
        return RedirectToPage();
    }

    private async Task<IActionResult> Again(Refusal refusal, CancellationToken cancellationToken)
    {
        await Load(cancellationToken);
        return this.Refused(refusal);
    }

    private async Task Load(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        Tokens = await tokens.List(connection);
        var account = HttpContext.Account();
        Sites = account.IsOperator ? [] : (await connection.QueryAsync<(Guid, string)>(
            "select id, name from sites where id = any (@Sites) order by lower(name), id", new { account.Sites })).AsList();
    }
}
