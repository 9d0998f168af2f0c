using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Api.Changes;
using Router.Api.Management;
using Router.Core.Deliveries;
using Router.Core.Destinations;
using Destination = Router.Api.Management.Destination;

namespace Router.Api.Pages.Sites;

/// <summary>Asks before a destination is switched off for which something waits: that is canceled.</summary>
internal sealed class SwitchOffModel(
    NpgsqlDataSource database, DestinationHealth healths, DestinationSettings settings, ActiveNotice notice) : SitePage(database)
{
    [FromRoute(Name = "destination")]
    public Guid DestinationId { get; set; }

    /// <summary><c>list</c> for whoever comes from the site's destinations, and wants to be back there.</summary>
    [BindProperty(Name = "from", SupportsGet = true)]
    public string? From { get; set; }

    public Destination Destination { get; private set; } = null!;

    public MessageCounts Waiting { get; private set; } = MessageCounts.None;

    public async Task<IActionResult> OnGet(CancellationToken cancellationToken) => await Load(cancellationToken) ? Page() : NotFound();

    public async Task<IActionResult> OnPost(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        var changed = await settings.Change(SiteId, DestinationId, new DestinationFields(Active: false), cancellationToken);
        if (changed.Refusal is { } refusal)
            return this.Refused(refusal);

        await notice.Say(this, SiteId, changed.Made!, From == "list" ? $"d-{DestinationId}" : "active", cancellationToken);
        return Redirect(From == "list" ? $"/sites/{SiteId}#d-{DestinationId}" : $"/sites/{SiteId}/destinations/{DestinationId}#active");
    }

    private async Task<bool> Load(CancellationToken cancellationToken)
    {
        if (await FindDestination(DestinationId, cancellationToken) is not { } destination
            || DestinationKinds.Parse(destination.Kind) == DestinationKind.LeadManager)
            return false;

        (Destination, Waiting) = (destination, await healths.Backlog(DestinationId, cancellationToken));
        return true;
    }
}
