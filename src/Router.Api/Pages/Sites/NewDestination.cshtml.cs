using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Api.Changes;
using Router.Api.Management;

namespace Router.Api.Pages.Sites;

/// <summary>Add Custom API. The generate button fills in a secret; nothing is saved before Save.</summary>
internal sealed class NewDestinationModel(NpgsqlDataSource database, NewDestinations destinations) : SitePage(database)
{
    [BindProperty(Name = "name")]
    public string? Name { get; set; }

    [BindProperty(Name = "url")]
    public string? DestinationUrl { get; set; }

    [BindProperty(Name = "secret")]
    public string? Secret { get; set; }

    [BindProperty(Name = "partner_id")]
    public string? PartnerId { get; set; }

    [BindProperty(Name = "signature")]
    public string? Signature { get; set; }

    [BindProperty(Name = "active")]
    public bool Active { get; set; }

    public void OnGet() => Active = !Site.RequireProven;

    [Uncounted]
    public void OnPostGenerate([FromForm(Name = "generated_secret")] string? generated)
    {
        Secret = GeneratedSecret.Of(generated);
        ModelState.Remove("secret");
    }

    [ConfirmFirst]
    public async Task<IActionResult> OnPost(CancellationToken cancellationToken)
    {
        var created = await destinations.Create(SiteId, new DestinationFields(
            Name: Name?.Trim(), Url: DestinationUrl?.Trim(), Secret: Secret?.Trim(), PartnerId: PartnerId?.Trim(), Active: Active,
            Signature: Signature), cancellationToken);
        if (created.Refusal is { } refusal)
            return this.Refused(refusal);

        this.Notice(
            $"{created.Made!.Name} is saved. Send it a test now, to see that everything fits.{SecretStrength.Warning(Secret?.Trim())}");
        return Redirect($"/sites/{SiteId}/destinations/{created.Made.Id}");
    }
}
