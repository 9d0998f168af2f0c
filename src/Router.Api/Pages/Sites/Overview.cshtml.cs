using Dapper;
using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Api.Management;
using Router.Core.Deliveries;

namespace Router.Api.Pages.Sites;

/// <summary>A destination and how it does.</summary>
/// <param name="Destination">The destination.</param>
/// <param name="Health">How it does.</param>
/// <param name="PartnerIdLabel">What its maker calls the Partner ID.</param>
/// <param name="HalfWithin">Half of what was delivered within 24 hours was there within this time; null where nothing was.</param>
internal sealed record DestinationWithHealth(
    Destination Destination, DestinationHealthRow Health, string PartnerIdLabel, TimeSpan? HalfWithin = null);

/// <summary>The first page of a site: what needs somebody, how the day goes, where its leads go and how each destination does.</summary>
internal sealed class OverviewModel(
    NpgsqlDataSource database, DestinationHealth health, LeadsToday leadsToday, SiteStatement statement, DestinationSettings settings,
    SiteSettings sites, ActiveNotice notice, Attention attention, TimeProvider time) : SitePage(database)
{
    private const int Most = 500;

    [BindProperty(Name = "days", SupportsGet = true)]
    public int Days { get; set; } = 1;

    public DayOfLeads Today { get; private set; } = null!;

    /// <summary>All destinations together; null where nothing came.</summary>
    public Chart? Chart { get; private set; }

    public IReadOnlyList<AttentionItem> Attention { get; private set; } = [];

    public IReadOnlyList<DestinationWithHealth> Destinations { get; private set; } = [];

    public async Task OnGet(CancellationToken cancellationToken)
    {
        Days = Days is 7 or 30 ? Days : 1;
        var now = time.GetUtcNow();
        Attention = await attention.Of([SiteId], Most, cancellationToken);
        Today = await leadsToday.Of(SiteId, TimeZones.Find(HttpContext.Account().TimeZone), cancellationToken);
        var hours = await statement.Read(SiteId, destination: null, now.AddDays(-Days), now, byHour: true, cancellationToken);
        Chart = hours.Count == 0 ? null : Chart.Of(hours, now, Days);
        var halves = await statement.HalfWithin(SiteId, now.AddDays(-1), now, cancellationToken);
        var (rows, labels) = await Rows(cancellationToken);
        var healths = await health.Of(rows.ConvertAll(row => row.Id), cancellationToken);
        Destinations = rows.ConvertAll(row => new DestinationWithHealth(
            row, healths[row.Id],
            row.IntegrationId is { } integration && labels.TryGetValue(integration, out var label) ? label : "Partner ID",
            halves.TryGetValue(row.Id, out var half) ? half : null));
    }

    public async Task<IActionResult> OnPostActive(Guid destination, bool active, CancellationToken cancellationToken)
    {
        if (!active && await FindDestination(destination, cancellationToken) is not null
            && (await health.Backlog(destination, cancellationToken)).Total > 0)
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
        {
            await OnGet(cancellationToken);
            return this.Refused(refusal);
        }

        this.Notice(required
            ? "From now on a destination must pass the go-live check before it can be switched on."
            : "The go-live check is a recommendation now.");
        return RedirectToPage();
    }

    /// <summary>The site's destinations, and by integration what its maker calls the Partner ID.</summary>
    private async Task<(List<Destination> Rows, Dictionary<Guid, string> Labels)> Rows(CancellationToken cancellationToken)
    {
        await using var connection = await Database.OpenConnectionAsync(cancellationToken);
        var rows = await DestinationRows.List(connection, SiteId, after: null, Most);
        var labels = await connection.QueryAsync<(Guid Id, string Label)>(
            """
            select id, coalesce(partner_id_label, 'Partner ID') from integrations
            where id in (select integration_id from destinations where site_id = @SiteId)
            """, new { SiteId });
        return (rows, labels.ToDictionary(row => row.Id, row => row.Label));
    }
}
