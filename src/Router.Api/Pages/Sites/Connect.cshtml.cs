using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Api.Changes;
using Router.Api.Management;

namespace Router.Api.Pages.Sites;

/// <summary>Connects the site to an integration: asks for the Partner ID in the integration's own words.</summary>
internal sealed class ConnectModel(NpgsqlDataSource database, NewDestinations destinations) : SitePage(database)
{
    [FromRoute(Name = "integration")]
    public Guid IntegrationId { get; set; }

    [BindProperty(Name = "partner_id")]
    public string? PartnerId { get; set; }

    [BindProperty(Name = "key")]
    public string? Key { get; set; }

    [BindProperty(Name = "active")]
    public bool Active { get; set; }

    public Integration Integration { get; private set; } = null!;

    public async Task<IActionResult> OnGet(CancellationToken cancellationToken)
    {
        Active = !Site.RequireProven;
        return await Load(cancellationToken) ? Page() : NotFound();
    }

    [ConfirmFirst]
    public async Task<IActionResult> OnPost(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        var connected = await destinations.Connect(
            SiteId,
            new DestinationFields(
                IntegrationId, PartnerId: PartnerId?.Trim(), Active: Active, Key: Integration.KeyLabel is null ? null : Key ?? ""),
            cancellationToken);
        if (connected.Refusal is { } refusal)
        {
            var refused = this.Refused(refusal);
            if (ModelState["partner_id"]?.Errors.Count > 0 && string.IsNullOrWhiteSpace(PartnerId))
            {
                ModelState["partner_id"]!.Errors.Clear();
                ModelState.AddModelError("partner_id", $"Enter your {Integration.PartnerIdLabel}.");
            }

            return refused;
        }

        this.Notice($"{Integration.Name} is connected.");
        return Redirect($"/sites/{SiteId}/destinations/{connected.Made!.Id}");
    }

    private async Task<bool> Load(CancellationToken cancellationToken)
    {
        await using var connection = await Database.OpenConnectionAsync(cancellationToken);
        if (await IntegrationSettings.Find(connection, IntegrationId) is not { Published: true } integration)
            return false;

        Integration = integration;
        return true;
    }
}
