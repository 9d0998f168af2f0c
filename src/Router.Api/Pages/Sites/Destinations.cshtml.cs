using Dapper;
using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Api.Changes;
using Router.Api.Management;
using Router.Core.Deliveries;

namespace Router.Api.Pages.Sites;

/// <summary>A destination and how it does.</summary>
/// <param name="Destination">The destination.</param>
/// <param name="Health">How it does.</param>
/// <param name="PartnerIdLabel">What its maker calls the Partner ID.</param>
internal sealed record DestinationWithHealth(Destination Destination, DestinationHealthRow Health, string PartnerIdLabel);

/// <summary>Configure destinations: where this site's leads go, and how each of them does.</summary>
internal sealed class DestinationsModel(NpgsqlDataSource database, DestinationHealth health, DestinationSettings settings,
    SiteSettings sites, ActiveNotice notice, Attention attention) : SitePage(database)
{
    private const int Most = 500;

    public IReadOnlyList<AttentionItem> Attention { get; private set; } = [];

    public IReadOnlyList<DestinationWithHealth> Destinations { get; private set; } = [];

    public async Task OnGet(CancellationToken cancellationToken)
    {
        Attention = await attention.Of([SiteId], Most, cancellationToken);
        await using var connection = await Database.OpenConnectionAsync(cancellationToken);
        var rows = await DestinationRows.List(connection, SiteId, after: null, Most);
        var healths = await health.Of(rows.ConvertAll(row => row.Id), cancellationToken);
        var labels = (await connection.QueryAsync<(Guid Id, string Label)>(
            "select id, partner_id_label from integrations where id in (select integration_id from destinations where site_id = @SiteId)",
            new { SiteId })).ToDictionary(row => row.Id, row => row.Label);
        Destinations = rows.ConvertAll(row => new DestinationWithHealth(
            row, healths[row.Id], row.IntegrationId is { } integration && labels.TryGetValue(integration, out var label) ? label
                : "Partner ID"));
    }

    public async Task<IActionResult> OnPostActive(Guid destination, bool active, CancellationToken cancellationToken)
    {
        if (!active && (await health.Backlog(destination, cancellationToken)).Total > 0)
            return Redirect($"/sites/{SiteId}/destinations/{destination}/off?from=list");

        var change = await settings.Change(SiteId, destination, new DestinationFields(Active: active), cancellationToken);
        if (change.Refusal is { } refusal)
        {
            await OnGet(cancellationToken);
            if (refusal.Status == StatusCodes.Status409Conflict && active)
                ViewData["Problem link"] = ($"/sites/{SiteId}/destinations/{destination}#test", "To its go-live check");
            return this.Refused(refusal);
        }

        await notice.Say(this, SiteId, change.Made!, $"d-{destination}", cancellationToken);
        return RedirectToPage(pageName: null, pageHandler: null, routeValues: null, fragment: $"d-{destination}");
    }

    public async Task<IActionResult> OnPostRequireProven(bool required, CancellationToken cancellationToken)
    {
        var change = await sites.Change(SiteId, new SiteFields(RequireProven: required), cancellationToken);
        if (change.Refusal is { } refusal)
            return this.Refused(refusal);

        this.Notice(required
            ? "From now on a destination must pass the go-live check before it can be switched on."
            : "The go-live check is a recommendation now.");
        return RedirectToPage();
    }
}
