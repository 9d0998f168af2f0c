using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Api.Management;
using Router.Core.Retention;

namespace Router.Api.Pages.Sites;

/// <summary>Says what goes and what stays before a lead's data is erased.</summary>
internal sealed class EraseLeadModel(NpgsqlDataSource database, LeadErasure erasure) : SitePage(database)
{
    [FromRoute(Name = "lead")]
    public Guid LeadId { get; set; }

    /// <summary>What there is to erase, and what waits.</summary>
    public Erased Kept { get; private set; } = null!;

    public async Task OnGet(CancellationToken cancellationToken)
    {
        await using var connection = await Database.OpenConnectionAsync(cancellationToken);
        Kept = await Erasure.LookUp(connection, SiteId, LeadId, cancellationToken);
    }

    public async Task<IActionResult> OnPost(CancellationToken cancellationToken)
    {
        var erased = await erasure.Lead(SiteId, LeadId, cancellationToken);
        if (erased.Refusal is { } refusal)
        {
            await OnGet(cancellationToken);
            return this.Refused(refusal);
        }

        var (events, canceled) = (erased.Made!.Events, erased.Made.Canceled);
        this.Notice($"The lead's data is erased: {events} {(events == 1 ? "event" : "events")}"
            + (canceled == 0 ? "." : $", and {canceled} waiting {(canceled == 1 ? "delivery is" : "deliveries are")} canceled."));
        return Redirect($"/sites/{SiteId}/deliveries");
    }
}
