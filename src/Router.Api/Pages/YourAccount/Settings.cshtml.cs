using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.RateLimiting;
using Npgsql;
using Router.Api.Accounts;
using Router.Api.Authentication;
using Router.Api.Changes;

namespace Router.Api.Pages.YourAccount;

/// <summary>What the account wants to be told, and in which time zone.</summary>
[EnableRateLimiting(SignInRateLimit.Policy)]
internal sealed class SettingsModel(NpgsqlDataSource database, TimeZoneChoice zones, AlertChoices alerts, AccountMail mail) : PageModel
{
    public AlertChoice Choice { get; private set; } = new(Alerts: true, null, null);

    public bool CanMail => mail.IsSet;

    public Task OnGet(CancellationToken cancellationToken) => Load(cancellationToken);

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

    private async Task<IActionResult> Again(Refusal refusal, CancellationToken cancellationToken)
    {
        await Load(cancellationToken);
        return this.Refused(refusal);
    }

    private async Task Load(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        Choice = await alerts.Read(connection);
    }
}
