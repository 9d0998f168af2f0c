using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Api.Authentication;
using Router.Api.Management;
using Router.Core.Deliveries;
using Router.Core.Leads;

namespace Router.Api.Pages.Sites;

/// <summary>One delivery as a timeline. The lead's contents are for the site's owners; operators see all but those.</summary>
internal sealed class DeliveryModel(NpgsqlDataSource database, DeliveryHistory history, DeliveryRequests requests, DeliveryReplay replay, DeletedContents deleted) : SitePage(database)
{
    [FromRoute(Name = "event")]
    public Guid EventId { get; set; }

    [FromRoute(Name = "destination")]
    public Guid DestinationId { get; set; }

    public DeliveryRow Delivery { get; private set; } = null!;

    public IReadOnlyList<AttemptRow> Attempts { get; private set; } = [];

    /// <summary>By place in <see cref="Attempts"/>; empty for whoever may not see the contents.</summary>
    public IReadOnlyList<SentRequest?> Requests { get; private set; } = [];

    public bool MaySeeContents => Delivery.IsTest || HttpContext.Account().Owns(SiteId);

    public bool MayReplay => !Delivery.IsTest && !Delivery.ContentsDeleted && Delivery.State is not (DeliveryStates.Pending or DeliveryStates.Held)
        && (Delivery.State == DeliveryStates.Retrying || !LeadActions.IsAboutDestination(Delivery.Action));

    /// <summary>Set when it is about a lead, whose data can be erased.</summary>
    public Guid? LeadId => !Delivery.IsTest && Delivery.Action != LeadActions.UserUpdated && !LeadActions.IsAboutDestination(Delivery.Action) && Uuids.TryParse(Delivery.LeadId, out var id) ? id : null;

    public async Task<IActionResult> OnGet(CancellationToken cancellationToken) => await Load(cancellationToken) ? Page() : NotFound();

    public async Task<IActionResult> OnPostReplay(CancellationToken cancellationToken)
    {
        var isDue = await replay.One(SiteId, EventId, DestinationId, finished: true, cancellationToken);
        if (!await Load(cancellationToken))
            return NotFound();

        this.Notice(isDue
            ? "It is being sent again, under the same message id."
            : Delivery.ContentsDeleted ? deleted.Sentence : "It cannot be sent now: its destination is off, or an attempt is under way.");
        return RedirectToPage();
    }

    private async Task<bool> Load(CancellationToken cancellationToken)
    {
        if (await history.Find(SiteId, EventId, DestinationId, HttpContext.Account().Owns(SiteId), cancellationToken) is not { } found)
            return false;

        (Delivery, Attempts) = found;
        var sent = new List<SentRequest?>();
        foreach (var attempt in MaySeeContents ? Attempts : [])
            sent.Add(await requests.Rebuild(SiteId, EventId, DestinationId, attempt, cancellationToken));
        Requests = sent;
        return true;
    }
}
