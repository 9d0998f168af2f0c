using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Npgsql;
using Router.Api.Changes;
using Router.Api.Management;
using Router.Core.Deliveries;
using Router.Core.Destinations;
using Router.Core.Mapping;
using Destination = Router.Api.Management.Destination;

namespace Router.Api.Pages.Sites;

/// <summary>What a custom API means by its answers, where that isn't what their status says.</summary>
internal sealed class AnswersModel(NpgsqlDataSource database, DestinationSettings settings, ChangePreviews previews, OperatorsReach reach)
    : DestinationPage(database)
{
    [BindProperty(Name = "rules")]
    public AnswerRulesForm Form { get; set; } = new();

    /// <summary>What would change for the latest answers; null before it is asked for.</summary>
    public PreviewedChange? Preview { get; private set; }

    public async Task<IActionResult> OnGet(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        Form.Show(Destination.AnswerRules);
        return Page();
    }

    [Uncounted]
    public async Task<IActionResult> OnPostPreview(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        var rules = Form.Entered();
        if (AnswerRules.Problem(rules) is { } problem)
            return this.Wrong(problem);

        if (reach.RefusesToTry(SiteId) is { } notTheirs)
            return this.Refused(notTheirs);

        using var preview = await previews.Begin(cancellationToken);
        if (preview is null)
            return this.Refused(BusyPreview.Refusal);

        Preview = await preview.OfDestination(DestinationId, Destination.Mapping, rules, cancellationToken);
        return Page();
    }

    public async Task<IActionResult> OnPost(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        var rules = Form.Entered();
        var changed = await settings.Change(SiteId, DestinationId, new DestinationFields(AnswerRules: rules), cancellationToken);
        if (changed.Refusal is { } refusal)
            return this.Wrong(refusal.Sentence, refusal.Status);

        this.Notice(rules.Length == 0
            ? $"Answers of {Destination.Name} mean what their status says."
            : $"Answers of {Destination.Name} are read by {Amount.Of(rules.Length, "rule", "rules")} from now on.");
        return Redirect($"/sites/{SiteId}/destinations/{DestinationId}");
    }

    protected override bool IsFor(Destination destination) => DestinationKinds.Parse(destination.Kind) == DestinationKind.Custom;
}
