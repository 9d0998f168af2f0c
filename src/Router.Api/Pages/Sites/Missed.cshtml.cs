using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Api.Authentication;
using Router.Api.Management;
using Router.Core.Deliveries;
using Destination = Router.Api.Management.Destination;

namespace Router.Api.Pages.Sites;

/// <summary>
/// Sends a destination everything that it didn't get: what came while it was off or before it was there, was canceled, or was given up.
/// </summary>
internal sealed class MissedModel(NpgsqlDataSource database, ReplayJobs replays, AuditLog log, TimeProvider time) : SitePage(database)
{
    [FromRoute(Name = "destination")]
    public Guid DestinationId { get; set; }

    /// <summary>In the account's time zone, as the browser's input writes it.</summary>
    [BindProperty(Name = "from", SupportsGet = true)]
    public string? From { get; set; }

    public Destination Destination { get; private set; } = null!;

    /// <summary>Null when the time can't be understood.</summary>
    public MessageCounts? Count { get; private set; }

    /// <summary>Null when it was never off, so that it is leads of before it was there that it can be sent.</summary>
    public SwitchedOff? Off { get; private set; }

    public async Task<IActionResult> OnGet(CancellationToken cancellationToken)
    {
        if (await FindDestination(DestinationId, cancellationToken) is not { } destination)
            return NotFound();

        Destination = destination;
        Off = await log.SwitchedOff(SiteId, DestinationId, cancellationToken);
        var since = Off is null ? time.GetUtcNow().AddDays(-1) : await replays.MissedSince(DestinationId, Off.At, cancellationToken);
        From ??= TimeZones.ToInput(since, HttpContext);
        if (Filter() is { } filter)
            Count = await replays.Count(SiteId, filter, cancellationToken);
        return Page();
    }

    public async Task<IActionResult> OnPost(CancellationToken cancellationToken)
    {
        if (await FindDestination(DestinationId, cancellationToken) is not { } destination)
            return NotFound();
        if (Filter() is not { } filter || !destination.Active)
            return await OnGet(cancellationToken);

        var account = HttpContext.Account();
        var started = await replays.Start(SiteId, filter, account.Actor, account.IsOperator, cancellationToken);
        if (started.Job is { } job)
            return Redirect($"/sites/{SiteId}/replays/{job.Id}");

        await OnGet(cancellationToken);
        return this.Wrong(started.Refusal!, StatusCodes.Status409Conflict);
    }

    private DeliveryFilter? Filter()
    {
        if (TimeZones.FromInput(From, HttpContext) is { } from)
            return new DeliveryFilter(Destination: DestinationId, From: from);

        ModelState.AddModelError("from", "Enter a date and time like 2026-11-22 14:00.");
        return null;
    }
}
