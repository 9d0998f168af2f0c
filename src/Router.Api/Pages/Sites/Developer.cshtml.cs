using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Api.Management;
using Router.Core.Deliveries;
using Router.Core.Destinations;
using Destination = Router.Api.Management.Destination;

namespace Router.Api.Pages.Sites;

/// <summary>For whoever programs a destination's receiver: what it gets, signed as it will be, and code that verifies it.</summary>
internal sealed class DeveloperModel(NpgsqlDataSource database, SampleRequests samples) : SitePage(database)
{
    [FromRoute(Name = "destination")]
    public Guid DestinationId { get; set; }

    public Destination Destination { get; private set; } = null!;

    /// <summary>None when the secret can't be used.</summary>
    public IReadOnlyList<SampleRequest> Samples { get; private set; } = [];

    /// <summary>The part of the receivers' guide about this destination's kind of signature.</summary>
    public string Verifying => GuideModel.Section(
        SignatureSchemes.Parse(Destination.Signature) == SignatureScheme.LeadRouter ? "Verify: samples" : "Standard Webhooks");

    public async Task<IActionResult> OnGet(CancellationToken cancellationToken)
    {
        if (await FindDestination(DestinationId, cancellationToken) is not { } destination)
            return NotFound();

        Destination = destination;
        Samples = await samples.For(SiteId, DestinationId, cancellationToken);
        return Page();
    }
}
