using System.Text;
using System.Text.Unicode;
using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Api.Authentication;
using Router.Api.Management;
using Router.Core.Intake;

namespace Router.Api.Pages.Sites;

/// <summary>
/// One lead that was refused: what is wrong, what was sent, and its correction. Owners see at once who it is; that an operator looked is
/// written down.
/// </summary>
internal sealed class RefusedLeadModel(NpgsqlDataSource database, RefusedLeads leads, RefusedLeadSettings settings) : SitePage(database)
{
    [FromRoute(Name = "refused")]
    public Guid RefusedId { get; set; }

    public RefusedLead Lead { get; private set; } = null!;

    /// <summary>What was sent, or what was typed; null while it isn't shown.</summary>
    public string? Contents { get; private set; }

    /// <summary>Whether it was sent as something else than text.</summary>
    public bool IsNoText { get; private set; }

    public bool Owns => HttpContext.Account().Owns(SiteId);

    public async Task<IActionResult> OnGet(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();
        if (Owns)
            await Show(cancellationToken);
        return Page();
    }

    public async Task<IActionResult> OnPostShow(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        await Show(cancellationToken);
        return Page();
    }

    public async Task<IActionResult> OnPostAccept([FromForm(Name = "contents")] string? contents, CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        if ((await settings.Accept(SiteId, RefusedId, Encoding.UTF8.GetBytes(contents ?? ""), cancellationToken)).Refusal is { } refusal)
        {
            Contents = contents ?? "";
            return this.Refused(refusal, "contents");
        }

        this.Notice("It is accepted and on its way to the destinations.");
        return Redirect($"/sites/{SiteId}/refused");
    }

    public async Task<IActionResult> OnPostDelete(CancellationToken cancellationToken)
    {
        await settings.Delete(SiteId, RefusedId, product: null, reason: null, cancellationToken);
        this.Notice("It is deleted for good.");
        return Redirect($"/sites/{SiteId}/refused");
    }

    private async Task<bool> Load(CancellationToken cancellationToken)
    {
        if (await leads.Find(SiteId, RefusedId, cancellationToken) is not { } lead)
            return false;

        Lead = lead;
        return true;
    }

    private async Task Show(CancellationToken cancellationToken)
    {
        if (!Lead.HasContents || await settings.Show(SiteId, RefusedId, cancellationToken) is not { } body)
            return;

        IsNoText = !Utf8.IsValid(body);
        Contents = IsNoText ? null : Encoding.UTF8.GetString(body);
    }
}
