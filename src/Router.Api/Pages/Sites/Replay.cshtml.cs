using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Core.Deliveries;

namespace Router.Api.Pages.Sites;

/// <summary>How far a replay is. Reloads itself until it is finished.</summary>
internal sealed class ReplayModel(NpgsqlDataSource database, ReplayJobs replays) : SitePage(database)
{
    [FromRoute(Name = "replay")]
    public Guid ReplayId { get; set; }

    public ReplayJob Job { get; private set; } = null!;

    public string? DestinationName { get; private set; }

    public async Task<IActionResult> OnGet(CancellationToken cancellationToken)
    {
        if (await replays.Find(SiteId, ReplayId, cancellationToken) is not { } job)
            return NotFound();

        Job = job;
        DestinationName = job.DestinationId is { } destination ? (await FindDestination(destination, cancellationToken))?.Name : null;
        return Page();
    }

    public async Task<IActionResult> OnPostCancel(CancellationToken cancellationToken)
    {
        await replays.Cancel(SiteId, ReplayId, cancellationToken);
        return RedirectToPage();
    }
}
