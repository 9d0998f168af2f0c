using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Api.Management;
using Router.Core.Deliveries;
using Router.Core.Leads;
using Router.Core.Search;

namespace Router.Api.Pages.Sites;

/// <summary>One delivery as a timeline. The lead's contents are for the site's owners; operators see all but those.</summary>
internal sealed class DeliveryModel(NpgsqlDataSource database, DeliveryHistory history, DeliveryRequests requests, DeliveryReplay replay,
    ReplayRate rate, DeletedContents deleted, LeadSearch search, TimeProvider time) : SitePage(database)
{
    [FromRoute(Name = "event")]
    public Guid EventId { get; set; }

    [FromRoute(Name = "destination")]
    public Guid DestinationId { get; set; }

    public DeliveryRow Delivery { get; private set; } = null!;

    public DeliveryState State => DeliveryStates.Parse(Delivery.State);

    public IReadOnlyList<AttemptRow> Attempts { get; private set; } = [];

    /// <summary>How many older attempts aren't shown.</summary>
    public int AttemptsLeftOut { get; private set; }

    /// <summary>Whether the destination has newer events of the lead.</summary>
    public bool HasNewer { get; private set; }

    /// <summary>Null for whoever may not see the contents, and when there are none any more.</summary>
    public SentRequest? Sent { get; private set; }

    /// <summary>Who its lead is, for those who may know; null where nobody knows any more.</summary>
    public string? Who { get; private set; }

    /// <summary>When the quiet hours end for which it waits; null when it doesn't.</summary>
    public DateTimeOffset? QuietUntil { get; private set; }

    /// <summary>How many leads a second its destination gets, where it waits for its turn; null where it doesn't.</summary>
    public double? PerSecond { get; private set; }

    public bool MaySeeContents => Delivery.IsTest || MaySeeLeads;

    public bool MayReplay => !Delivery.IsTest && !Delivery.ContentsDeleted && State is not DeliveryState.Held
        && (State == DeliveryState.Retrying || !LeadActions.Parse(Delivery.Action).IsAboutDestination());

    /// <summary>Set when it is about a lead, whose data can be erased.</summary>
    public Guid? LeadId =>
        !Delivery.IsTest && LeadActions.Parse(Delivery.Action).IsAboutLead()
        && Uuids.TryParse(Delivery.LeadId, out var id) ? id : null;

    public async Task<IActionResult> OnGet(CancellationToken cancellationToken) => await Load(cancellationToken) ? Page() : NotFound();

    /// <summary>The body that is signed, byte for byte.</summary>
    public async Task<IActionResult> OnGetBody(CancellationToken cancellationToken) =>
        await Load(cancellationToken) && Sent is { } sent ? File(sent.Body, "application/octet-stream", $"{EventId}.json") : NotFound();

    [Uncounted]
    public async Task<IActionResult> OnPostReplay(CancellationToken cancellationToken)
    {
        if (rate.OfOne(SiteId) is { } tooOften)
            return await Load(cancellationToken) ? this.Refused(tooOften) : NotFound();
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
        if (await history.Find(SiteId, EventId, DestinationId, MaySeeLeads, before: null, cancellationToken) is not { } found)
            return false;

        (Delivery, Attempts, AttemptsLeftOut, HasNewer) = found;
        if (MaySeeLeads && LeadId is { } lead)
            Who = (await search.Names(SiteId, [lead], cancellationToken)).GetValueOrDefault(lead);
        if (!State.IsFinished() && await FindDestination(DestinationId, cancellationToken) is { PausedAt: null } destination)
        {
            if (State is DeliveryState.Held)
                QuietUntil = destination.QuietHours?.EndAt(time.GetUtcNow());
            else if (Delivery.NextAttemptAt <= time.GetUtcNow())
                PerSecond = destination.MaxPerSecond;
        }

        Sent = MaySeeContents ? await requests.Rebuild(SiteId, EventId, DestinationId, cancellationToken) : null;
        return true;
    }
}
