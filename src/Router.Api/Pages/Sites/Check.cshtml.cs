using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Core.Deliveries;
using Destination = Router.Api.Management.Destination;

namespace Router.Api.Pages.Sites;

/// <summary>A test or go-live check: what was sent, what came back, what to do. Reloads itself until it is finished.</summary>
internal sealed class CheckModel(NpgsqlDataSource database, DestinationCheck checks, DeliveryRequests requests) : SitePage(database)
{
    [FromRoute(Name = "destination")]
    public Guid DestinationId { get; set; }

    [FromRoute(Name = "check")]
    public Guid CheckId { get; set; }

    public Destination Destination { get; private set; } = null!;

    public CheckReport Report { get; private set; } = null!;

    public IReadOnlyDictionary<Guid, SentRequest> Requests { get; private set; } = new Dictionary<Guid, SentRequest>();

    public async Task<IActionResult> OnGet(CancellationToken cancellationToken)
    {
        if (await FindDestination(DestinationId, cancellationToken) is not { } destination
            || await checks.Read(SiteId, DestinationId, CheckId, cancellationToken) is not { } report)
            return NotFound();

        (Destination, Report) = (destination, report);
        var sent = new Dictionary<Guid, SentRequest>();
        foreach (var step in report.Steps.Where(step => step.Attempts.Count > 0))
        {
            if (await requests.Rebuild(SiteId, step.EventId, DestinationId, cancellationToken) is { } request)
                sent[step.EventId] = request;
        }

        Requests = sent;
        return Page();
    }
}
