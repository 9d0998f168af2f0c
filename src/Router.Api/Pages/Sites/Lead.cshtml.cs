using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Api.Authentication;
using Router.Core.Deliveries;
using Router.Core.Search;

namespace Router.Api.Pages.Sites;

/// <summary>One lead: each message about it at each destination. Who it is, is for the site's owners.</summary>
internal sealed class LeadModel(NpgsqlDataSource database, LeadSearch search, DeliveryHistory history, TimeProvider time)
    : SitePage(database)
{
    private const int MostDeliveries = 500;
    private const int MostMessages = 8;

    private Dictionary<(Guid Event, Guid Destination), DeliveryRow> _deliveries = [];

    private HashSet<(Guid Event, Guid Destination)> _leftOut = [];

    [FromRoute(Name = "lead")]
    public Guid LeadId { get; set; }

    public FoundLead Lead { get; private set; } = null!;

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<DeliveryRow> Messages { get; private set; } = [];

    public IReadOnlyList<(Guid Id, string Name)> Destinations { get; private set; } = [];

    /// <summary>Whether there are more messages than the page shows.</summary>
    public bool LeftOut { get; private set; }

    public async Task<IActionResult> OnGet(CancellationToken cancellationToken)
    {
        if (await search.Find(SiteId, LeadId, MaySeeLeads, cancellationToken) is not { } lead)
            return NotFound();

        Lead = lead;
        var rows = await history.Newest(
            SiteId, new DeliveryFilter(null, null, LeadId, null, null), MaySeeLeads, after: null, MostDeliveries, cancellationToken);
        var messages = rows.Where(row => !row.IsTest).DistinctBy(row => row.EventId).OrderByDescending(row => row.AcceptedAt).ToList();
        LeftOut = messages.Count > MostMessages || rows.Count == MostDeliveries;
        Messages = [.. messages.Take(MostMessages).Reverse()];
        Destinations = [.. lead.Destinations.Select(at => (at.DestinationId, at.DestinationName))];
        var leftOut = await history.LeftOut(SiteId, [.. Messages.Select(message => message.EventId)], cancellationToken);
        Destinations = [.. Destinations.Concat(leftOut.Select(row => (row.DestinationId, row.DestinationName)))
            .DistinctBy(row => row.Item1)];
        _leftOut = [.. leftOut.Select(row => (row.EventId, row.DestinationId))];
        _deliveries = rows.ToDictionary(row => (row.EventId, row.DestinationId));
        return Page();
    }

    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Whether some of its messages have no outcome there yet.</summary>
    public bool IsOnItsWay(Guid destination) => Lead.Destinations.Any(at => at.DestinationId == destination && at.State == "planned");

    /// <summary>Whether the destination's conditions left it out.</summary>
    public bool IsLeftOut(Guid message, Guid destination) => _leftOut.Contains((message, destination));

    /// <summary>A message at a destination; null when it doesn't go there, or is on its way.</summary>
    public DeliveryRow? At(Guid message, Guid destination) => _deliveries.GetValueOrDefault((message, destination));
}
