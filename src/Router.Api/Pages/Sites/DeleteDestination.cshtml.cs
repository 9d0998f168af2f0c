using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Api.Changes;
using Router.Api.Management;
using Router.Core.Deliveries;
using Router.Core.Destinations;
using Destination = Router.Api.Management.Destination;

namespace Router.Api.Pages.Sites;

/// <summary>Asks before it deletes, and says what happens to what waits.</summary>
internal sealed class DeleteDestinationModel(NpgsqlDataSource database, DestinationHealth healths, DestinationSettings settings)
    : SitePage(database)
{
    [FromRoute(Name = "destination")]
    public Guid DestinationId { get; set; }

    public Destination Destination { get; private set; } = null!;

    public MessageCounts Waiting { get; private set; } = MessageCounts.None;

    public async Task<IActionResult> OnGet(CancellationToken cancellationToken)
    {
        if (await FindDestination(DestinationId, cancellationToken) is not { } destination
            || DestinationKinds.Parse(destination.Kind) == DestinationKind.LeadManager)
            return NotFound();

        Destination = destination;
        Waiting = await healths.Backlog(DestinationId, cancellationToken);
        return Page();
    }

    public async Task<IActionResult> OnPost(CancellationToken cancellationToken)
    {
        if (await FindDestination(DestinationId, cancellationToken) is not { } destination)
            return NotFound();

        var deleted = await settings.Delete(SiteId, DestinationId, cancellationToken);
        if (deleted.Refusal is { } refusal)
        {
            (Destination, Waiting) = (destination, await healths.Backlog(DestinationId, cancellationToken));
            return this.Refused(refusal);
        }

        this.Notice(deleted.Made == 0 ? $"{destination.Name} is deleted."
            : $"{destination.Name} is deleted, and {deleted.Made} waiting {(deleted.Made == 1 ? "delivery" : "deliveries")} with it.");
        return Redirect($"/sites/{SiteId}");
    }
}
