using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Api.Changes;
using Router.Api.Management;
using Router.Core.Destinations;
using Destination = Router.Api.Management.Destination;

namespace Router.Api.Pages.Operator;

/// <summary>Makes a site's custom API an integration for all sites.</summary>
internal sealed class PromoteModel(NpgsqlDataSource database, IntegrationSettings catalogue) : IntegrationPage
{
    [FromRoute(Name = "site")]
    public Guid SiteId { get; set; }

    [FromRoute(Name = "destination")]
    public Guid DestinationId { get; set; }

    [BindProperty(Name = "shared_headers")]
    public string[] SharedHeaders { get; set; } = [];

    public Destination Destination { get; private set; } = null!;

    public async Task<IActionResult> OnGet(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        Name = Destination.Name;
        return Page();
    }

    /// <summary>Whether requests can be signed with the old secret as well.</summary>
    public bool HasOverlap => SignatureSchemes.Parse(Destination.Signature) is not SignatureScheme.LeadRouter;

    public async Task<IActionResult> OnPostGenerate(
        [FromForm(Name = "generated_secret")] string? generated, CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        Generate(generated);
        return Page();
    }

    [ConfirmFirst]
    public async Task<IActionResult> OnPost(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        var promoted = await catalogue.Promote(SiteId, DestinationId, Fields() with { SharedHeaders = SharedHeaders }, cancellationToken);
        if (promoted.Refusal is { } refusal)
            return this.Refused(refusal);

        this.Notice($"{promoted.Made!.Name} is in the catalogue, hidden. Publish it when its maker is ready.");
        return Redirect($"/operator/catalogue/{promoted.Made.Id}");
    }

    private async Task<bool> Load(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        if (await DestinationRows.Find(connection, SiteId, DestinationId) is not { } destination
            || DestinationKinds.Parse(destination.Kind) != DestinationKind.Custom)
            return false;

        Destination = destination;
        return true;
    }
}
