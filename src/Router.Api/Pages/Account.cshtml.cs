using Dapper;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.RateLimiting;
using Npgsql;
using Router.Api.Accounts;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Core.Leads;

namespace Router.Api.Pages;

[EnableRateLimiting(SignInRateLimit.Policy)]
internal sealed class AccountModel(
    NpgsqlDataSource database, SignIns signIns, Sessions sessions, Passwords passwords, ApiTokens tokens, TimeZoneChoice zones, AlertChoices alerts,
    AccountMail mail, TimeProvider time) : PageModel
{
    [BindProperty(Name = "current_password")]
    public string? CurrentPassword { get; set; }

    [BindProperty(Name = "password")]
    public string? Password { get; set; }

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

    public AlertChoice Choice { get; private set; } = new(Alerts: true, null, null);

    public bool CanMail => mail.IsSet;

    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Shown this once.</summary>
    public NewApiToken? Made { get; private set; }

    public async Task OnGet(CancellationToken cancellationToken)
    {
        Made = this.ShownNow<NewApiToken>();
        await Load(cancellationToken);
    }

    public async Task<IActionResult> OnPostPassword(CancellationToken cancellationToken)
    {
        var problems = new FieldProblems();
        problems.RequirePassword("password", Password, HttpContext.Account().Email);
        if (!problems.Any && !await signIns.IsPassword(HttpContext.Account().Id, CurrentPassword ?? "", cancellationToken))
            problems.Add("current_password", "This is not your present password.");
        if (problems.Any)
            return await Again(Refusal.Invalid(problems), cancellationToken);

        if (await passwords.Change(Password!, cancellationToken) is { } owner
            && await sessions.Start(HttpContext, owner, WaysIn.Password, cancellationToken))
        {
            this.Notice("Your password is changed. Everywhere else you are signed out.");
        }

        return RedirectToPage();
    }

    public async Task<IActionResult> OnPostTimeZone([FromForm(Name = "time_zone")] string? zone, CancellationToken cancellationToken)
    {
        if (zone is not null && TimeZones.All.Contains(zone, StringComparer.Ordinal))
        {
            await zones.Choose(zone, cancellationToken);
            this.Notice("Times are shown in your time zone now.");
        }

        return RedirectToPage();
    }

    public async Task<IActionResult> OnPostAlerts(
        [FromForm(Name = "alerts")] bool wanted, [FromForm(Name = "quiet_from")] string? from,
        [FromForm(Name = "quiet_until")] string? until, CancellationToken cancellationToken)
    {
        var saved = await alerts.Save(wanted, from, until, cancellationToken);
        if (saved.Refusal is { } refusal)
            return await Again(refusal, cancellationToken);

        this.Notice(wanted ? "Saved: you get alerts by mail." : "Saved: you get no alerts by mail.", "alerts");
        return RedirectToPage(pageName: null, pageHandler: null, routeValues: null, fragment: "alerts");
    }

    public async Task<IActionResult> OnPostTestMail(CancellationToken cancellationToken)
    {
        var account = HttpContext.Account();
        var why = mail.IsSet ? await mail.TryTest(account.Email, cancellationToken) : "there is no mail server";
        if (why is not null)
            return await Again(new Refusal(
                StatusCodes.Status502BadGateway,
                $"The mail could not be sent ({why}). An operator has to look at the mail server and its settings."), cancellationToken);

        this.Notice($"The mail server has taken a mail to {account.Email}. If it doesn't arrive, look into your spam folder.", "alerts");
        return RedirectToPage(pageName: null, pageHandler: null, routeValues: null, fragment: "alerts");
    }

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
        Choice = await alerts.Read(connection);
    }
}
