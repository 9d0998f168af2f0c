using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Api.Authentication;
using Router.Api.Management;
using Router.Core.Deliveries;
using Router.Core.Destinations;
using Destination = Router.Api.Management.Destination;

namespace Router.Api.Pages.Sites;

/// <summary>One destination: its settings, its health, its tests.</summary>
internal sealed class DestinationModel(NpgsqlDataSource database, DestinationHealth healths, DestinationSettings settings, DestinationCheck checks, TimeProvider time) : SitePage(database)
{
    [FromRoute(Name = "destination")]
    public Guid DestinationId { get; set; }

    [BindProperty(Name = "name")]
    public string? Name { get; set; }

    [BindProperty(Name = "url")]
    public string? DestinationUrl { get; set; }

    [BindProperty(Name = "partner_id")]
    public string? PartnerId { get; set; }

    [BindProperty(Name = "signature")]
    public string? Signature { get; set; }

    public Destination Destination { get; private set; } = null!;

    public DestinationHealthRow Health { get; private set; } = null!;

    public DateTimeOffset Now => time.GetUtcNow();

    public Integration? Integration { get; private set; }

    public bool IsLeadManager => Destination.Kind == DestinationKinds.LeadManager;

    /// <summary>Lead Manager is the operators'; a registered one's address is the catalogue's.</summary>
    public bool MayChange => !IsLeadManager || HttpContext.Account().IsOperator;

    public async Task<IActionResult> OnGet(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        (Name, DestinationUrl, PartnerId, Signature) = (Destination.Name, Destination.Url, Destination.PartnerId, Destination.Signature);
        return Page();
    }

    public async Task<IActionResult> OnPost(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        var isRegistered = Destination.IntegrationId is not null;
        var changed = await settings.Change(SiteId, DestinationId, new DestinationFields(
            Name: Name?.Trim() ?? "", Url: isRegistered ? null : DestinationUrl?.Trim() ?? "", PartnerId: PartnerId?.Trim() ?? "",
            Signature: isRegistered ? null : Signature), cancellationToken);
        if (changed.Refusal is { } refusal)
            return this.Refused(refusal);

        this.Notice("Saved. It is in force within a second, for waiting deliveries too.");
        return RedirectToPage();
    }

    public async Task<IActionResult> OnPostActive(bool active, CancellationToken cancellationToken)
    {
        var changed = await settings.Change(SiteId, DestinationId, new DestinationFields(Active: active), cancellationToken);
        if (changed.Refusal is { } refusal)
        {
            await OnGet(cancellationToken);
            return this.Refused(refusal);
        }

        this.Notice(ActiveNotice.Of(changed.Made!));
        return RedirectToPage();
    }

    public async Task<IActionResult> OnPostPause(bool paused, CancellationToken cancellationToken)
    {
        var changed = await settings.Change(SiteId, DestinationId, new DestinationFields(Paused: paused), cancellationToken);
        if (changed.Refusal is { } refusal)
        {
            await OnGet(cancellationToken);
            return this.Refused(refusal);
        }

        this.Notice(paused
            ? $"{changed.Made!.Name} is paused: its leads are held, none is lost, until you resume it."
            : $"{changed.Made!.Name} goes on: what was held is sent now, few at first and then more.");
        return RedirectToPage();
    }

    public async Task<IActionResult> OnPostTest(bool goLive, CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();
        if (await checks.Start(SiteId, DestinationId, goLive, cancellationToken) is { } check)
            return Redirect($"/sites/{SiteId}/destinations/{DestinationId}/checks/{check}");

        await OnGet(cancellationToken);
        return this.Refused(new Refusal(StatusCodes.Status429TooManyRequests, "That were many tests within a minute. Wait a moment, then try again."));
    }

    private async Task<bool> Load(CancellationToken cancellationToken)
    {
        if (await FindDestination(DestinationId, cancellationToken) is not { } destination)
            return false;

        Destination = destination;
        Health = (await healths.Of([DestinationId], cancellationToken))[DestinationId];
        await using var connection = await Database.OpenConnectionAsync(cancellationToken);
        Integration = destination.IntegrationId is { } integration ? await IntegrationSettings.Find(connection, integration) : null;
        return true;
    }
}
