using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Router.Api.Authentication;
using Router.Api.Management;
using Router.Core.Deliveries;

namespace Router.Api.Pages.Operator;

/// <summary>
/// What was given up, over all sites: ids, times and answers, nothing of the leads. One sent again, or all of a destination.
/// </summary>
internal sealed class DeadLettersModel(DeadDeliveries dead, TroubledDestinations troubled, DeliveryReplay replay, ReplayJobs replays)
    : PageModel
{
    private const int PageSize = 50;

    [BindProperty(Name = "site", SupportsGet = true)]
    public Guid? SiteId { get; set; }

    [BindProperty(Name = "destination", SupportsGet = true)]
    public Guid? DestinationId { get; set; }

    [BindProperty(Name = "after", SupportsGet = true)]
    public string? After { get; set; }

    public IReadOnlyList<DeadDelivery> Rows { get; private set; } = [];

    public string? Next { get; private set; }

    /// <summary>To choose from.</summary>
    public IReadOnlyList<TroubledDestination> Destinations { get; private set; } = [];

    /// <summary>How many of the chosen destination can be sent again.</summary>
    public int Replayable { get; private set; }

    public async Task OnGet(CancellationToken cancellationToken)
    {
        Destinations = (await troubled.List(sites: null, FailingModel.Most, cancellationToken)).FindAll(row => row.Dead > 0)
            .OrderBy(row => row.SiteName, StringComparer.OrdinalIgnoreCase).ToList();
        var page = Page<DeadDelivery>.Of(
            await dead.Newest(SiteId, DestinationId, DeliveryCursor.Parse(After), PageSize + 1, cancellationToken), PageSize, row =>
                DeliveryCursor.Of(row.EventId, row.DestinationId));
        (Rows, Next) = (page.Items, page.Next);
        if (DestinationId is not null && Rows is [var row, ..])
            Replayable = (await replays.Count(row.SiteId, Dead(DestinationId.Value), cancellationToken)).Total;
    }

    public async Task<IActionResult> OnPostReplay(
        [FromForm(Name = "of_event")] Guid @event, [FromForm(Name = "of_destination")] Guid destination,
        [FromForm(Name = "of_site")] Guid site, CancellationToken cancellationToken)
    {
        this.Notice(await replay.One(site, @event, destination, finished: false, cancellationToken)
            ? "It is being sent again, under the same message id."
            : "It cannot be sent now: its destination is off, somebody else has sent it already, or the lead's contents are deleted.");
        return RedirectToPage(new { site = SiteId, destination = DestinationId, after = After });
    }

    public async Task<IActionResult> OnPostAll(
        [FromForm(Name = "of_destination")] Guid destination, [FromForm(Name = "of_site")] Guid site, CancellationToken cancellationToken)
    {
        var started = await replays.Start(
            site, Dead(destination), HttpContext.Account().Actor, isByOperator: true, cancellationToken);
        return Redirect($"/sites/{site}/replays/{started.Job!.Id}");
    }

    private static DeliveryFilter Dead(Guid destination) => new(DeliveryState.Dead, destination);
}
