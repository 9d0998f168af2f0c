using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Api.Management;
using Router.Core.Deliveries;

namespace Router.Api.Pages.Sites;

/// <summary>A destination and how it does.</summary>
internal sealed record DestinationWithHealth(Destination Destination, DestinationHealthRow Health);

/// <summary>Configure destinations: where this site's leads go, and how each of them does.</summary>
internal sealed class DestinationsModel(NpgsqlDataSource database, DestinationHealth health, DestinationSettings settings, SiteSettings sites) : SitePage(database)
{
    private const int Most = 500;

    public IReadOnlyList<DestinationWithHealth> Destinations { get; private set; } = [];

    public async Task OnGet(CancellationToken cancellationToken)
    {
        await using var connection = await Database.OpenConnectionAsync(cancellationToken);
        var rows = await DestinationRows.List(connection, SiteId, after: null, Most);
        var healths = await health.Of(rows.ConvertAll(row => row.Id), cancellationToken);
        Destinations = rows.ConvertAll(row => new DestinationWithHealth(row, healths[row.Id]));
    }

    public async Task<IActionResult> OnPostActive(Guid destination, bool active, CancellationToken cancellationToken)
    {
        var change = await settings.Change(SiteId, destination, new DestinationFields(Active: active), cancellationToken);
        if (change.Refusal is { } refusal)
        {
            await OnGet(cancellationToken);
            return this.Refused(refusal);
        }

        this.Notice(ActiveNotice.Of(change.Made!));
        return RedirectToPage();
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
