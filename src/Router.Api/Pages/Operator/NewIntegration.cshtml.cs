using Microsoft.AspNetCore.Mvc;
using Router.Api.Changes;
using Router.Api.Management;
using Router.Core.Destinations;
using Router.Core.Mapping;

namespace Router.Api.Pages.Operator;

/// <summary>A new integration, blank or one that comes with the router; hidden until it is published.</summary>
internal sealed class NewIntegrationModel(IntegrationSettings catalogue) : IntegrationPage
{
    /// <summary>The id of the ready-made one that the form begins with.</summary>
    [BindProperty(Name = "ready_made", SupportsGet = true)]
    public string? ReadyMade { get; set; }

    [BindProperty(Name = "header_value")]
    public string[] HeaderValues { get; set; } = [];

    public ReadyMadeIntegration? Chosen => ReadyMade is null ? null : ReadyMadeIntegration.All.GetValueOrDefault(ReadyMade);

    public void OnGet()
    {
        if (Chosen is not { } chosen)
            return;

        (Name, Description, IntegrationUrl) = (chosen.Name, chosen.Description, chosen.Url);
        (PartnerIdLabel, PartnerIdHelp) = (chosen.PartnerIdLabel, chosen.PartnerIdHelp);
        (KeyLabel, KeyHelp, KeyHeader, KeyScheme) = (chosen.KeyLabel, chosen.KeyHelp, chosen.KeyHeader, chosen.KeyScheme);
        // Its maker doesn't verify our signature, so nobody needs to know this one.
        Secret = WebhookSecret.Generate();
    }

    public void OnPostGenerate([FromForm(Name = "generated_secret")] string? generated) => Generate(generated);

    [ConfirmFirst]
    public async Task<IActionResult> OnPost(CancellationToken cancellationToken)
    {
        var created = await catalogue.Create(
            Chosen is { } chosen ? Fields() with
            {
                Mapping = chosen.Mapping, AnswerRules = chosen.AnswerRules,
                Headers = (chosen.Headers?.Keys ?? []).Select((name, at) => (name, Value: HeaderValues.ElementAtOrDefault(at)?.Trim()))
                    .ToDictionary(header => header.name, header => header.Value ?? "", StringComparer.OrdinalIgnoreCase)!,
            } : Fields(), cancellationToken);
        if (created.Refusal is { } refusal)
            return this.Refused(refusal);

        this.Notice(
            $"{created.Made!.Name} is saved and hidden. Publish it when its maker is ready.{SecretStrength.Warning(Secret?.Trim())}");
        return Redirect($"/operator/catalogue/{created.Made.Id}");
    }
}
