using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Api.Changes;
using Router.Api.Management;
using Router.Core.Destinations;
using Destination = Router.Api.Management.Destination;

namespace Router.Api.Pages.Sites;

/// <summary>A new secret, with the overlap explained. A generated one is shown once, after the redirect.</summary>
internal sealed class RotateSecretModel(NpgsqlDataSource database, DestinationSettings settings) : DestinationPage(database)
{
    [BindProperty(Name = "secret")]
    public string? Secret { get; set; }

    [BindProperty(Name = "leaked")]
    public bool Leaked { get; set; }

    public RotatedSecret? Rotated { get; private set; }

    public bool HasOverlap => SignatureSchemes.Parse(Destination.Signature) is not SignatureScheme.LeadRouter;

    public async Task<IActionResult> OnGet(CancellationToken cancellationToken)
    {
        Rotated = this.ShownNow<RotatedSecret>();
        return await Load(cancellationToken) ? Page() : NotFound();
    }

    [ConfirmFirst]
    public async Task<IActionResult> OnPost(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        var secret = string.IsNullOrWhiteSpace(Secret) ? null : Secret.Trim();
        var rotated = await settings.Rotate(
            SiteId, DestinationId, new NewSecret(secret, Leaked ? 0 : null) { KeepsOldest = true }, cancellationToken);
        if (rotated.Refusal is { } refusal)
            return this.Refused(refusal);

        this.ShowOnce(rotated.Made!);
        return RedirectToPage();
    }
}
