using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Router.Api.Changes;
using Router.Api.Management;

namespace Router.Api.Pages.Operator;

/// <summary>A site, together with its Lead Manager. The generate button fills in a secret; nothing is saved before Save.</summary>
internal sealed class NewSiteModel(SiteSettings sites) : PageModel
{
    [BindProperty(Name = "name")]
    public string? Name { get; set; }

    [BindProperty(Name = "domain")]
    public string? Domain { get; set; }

    [BindProperty(Name = "login_url_template")]
    public string? LoginUrlTemplate { get; set; }

    [BindProperty(Name = "lead_manager.url")]
    public string? LeadManagerUrl { get; set; }

    [BindProperty(Name = "lead_manager.secret")]
    public string? LeadManagerSecret { get; set; }

    [BindProperty(Name = "lead_manager.partner_id")]
    public string? LeadManagerPartnerId { get; set; }

    [BindProperty(Name = "require_proven")]
    public bool RequireProven { get; set; }

    public void OnPostGenerate([FromForm(Name = "generated_secret")] string? generated)
    {
        LeadManagerSecret = GeneratedSecret.Of(generated);
        ModelState.Remove("lead_manager.secret");
    }

    [ConfirmFirst]
    public async Task<IActionResult> OnPost(CancellationToken cancellationToken)
    {
        var created = await sites.Create(new NewSite(
            Name: Name?.Trim(), Domain: Domain?.Trim(), LoginUrlTemplate: LoginUrlTemplate?.Trim(), RequireProven: RequireProven,
            LeadManager: new NewLeadManager(LeadManagerUrl?.Trim(), LeadManagerSecret?.Trim(), LeadManagerPartnerId?.Trim())),
                cancellationToken);
        if (created.Refusal is { } refusal)
            return this.Refused(refusal);

        this.Notice($"{created.Made!.Name} is there. Now let a product send for it, and invite its owner."
            + $"{SecretStrength.Warning(LeadManagerSecret?.Trim())}");
        return Redirect($"/operator/sites/{created.Made.Id}");
    }
}
