using Microsoft.AspNetCore.Mvc;
using Router.Api.Changes;
using Router.Api.Management;

namespace Router.Api.Pages.Operator;

/// <summary>A new integration, hidden until it is published.</summary>
internal sealed class NewIntegrationModel(IntegrationSettings catalogue) : IntegrationPage
{
    public void OnPostGenerate([FromForm(Name = "generated_secret")] string? generated) => Generate(generated);

    public async Task<IActionResult> OnPost(CancellationToken cancellationToken)
    {
        var created = await catalogue.Create(Fields(), cancellationToken);
        if (created.Refusal is { } refusal)
            return this.Refused(refusal);

        this.Notice(
            $"{created.Made!.Name} is saved and hidden. Publish it when its maker is ready.{SecretStrength.Warning(Secret?.Trim())}");
        return Redirect($"/operator/catalogue/{created.Made.Id}");
    }
}
