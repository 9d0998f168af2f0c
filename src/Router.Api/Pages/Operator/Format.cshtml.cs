using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Npgsql;
using Router.Api.Changes;
using Router.Api.Management;
using Router.Core.Deliveries;
using Router.Core.Leads;
using Router.Core.Mapping;

namespace Router.Api.Pages.Operator;

/// <summary>
/// An integration's mapping and the meaning of its answers, as JSON; tried on what the connected sites had lately before it is saved.
/// </summary>
internal sealed class FormatModel(
    NpgsqlDataSource database, IntegrationSettings catalogue, ChangePreviews previews, OperatorsReach reach) : PageModel
{
    [FromRoute]
    public Guid Id { get; set; }

    [BindProperty(Name = "mapping")]
    public string? Mapping { get; set; }

    [BindProperty(Name = "answer_rules")]
    public string? Rules { get; set; }

    public Integration Integration { get; private set; } = null!;

    /// <summary>What would change; null before it is asked for.</summary>
    public PreviewedChange? Preview { get; private set; }

    /// <summary>Whether only sites of the operator's own are tried.</summary>
    public bool TriesOwnSites => reach.SitesToTry() is not null;

    /// <summary>What would become of samples: the action, our message and their request.</summary>
    public IReadOnlyList<(LeadAction Action, string Ours, string Theirs)> Samples { get; private set; } = [];

    public async Task<IActionResult> OnGet(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        Mapping = MappingForm.Write(Integration.Mapping);
        Rules = Integration.AnswerRules is { Length: > 0 } rules
            ? MappingForm.Indent(AnswerRules.ToJson(rules)!) : "";
        return Page();
    }

    public async Task<IActionResult> OnPostPreview(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        using var preview = await previews.Begin(cancellationToken);
        if (preview is null)
            return this.Refused(BusyPreview.Refusal);

        var entered = Entered();
        if (entered.Refusal is { } refusal)
            return this.Wrong(refusal.Sentence);

        var (mapping, rules) = entered.Made;
        if ((mapping.Problem ?? MappingSamples.Problem(mapping)) is { } problem)
            return this.Wrong(problem);
        if (AnswerRules.Problem(rules) is { } wrong)
            return this.Wrong(wrong);

        Preview = await preview.OfIntegration(Id, mapping, rules, reach.SitesToTry(), cancellationToken);
        if (!mapping.IsEmpty)
        {
            var compiled = CompiledMapping.Of(mapping);
            Samples = [.. MappingSamples.Bodies("p-1").Where(sample => compiled.Maps(sample.Action)).Select(sample => (
                sample.Action, ReadableBody.Of(sample.Body, SentRequest.MostShown).Text,
                ReadableBody.Of(compiled.Apply(sample.Action, sample.Body), SentRequest.MostShown).Text))];
        }

        return Page();
    }

    public async Task<IActionResult> OnPost(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        var entered = Entered();
        if (entered.Refusal is { } refusal)
            return this.Wrong(refusal.Sentence);

        var changed = await catalogue.Change(
            Id, new IntegrationFields(Mapping: entered.Made.Mapping, AnswerRules: entered.Made.Rules), cancellationToken);
        if (changed.Refusal is { } refused)
            return this.Wrong(refused.Sentence, refused.Status);

        this.Notice("Saved. It is in force within a second for every site that is connected.");
        return Redirect($"/operator/catalogue/{Id}");
    }

    private Change<(RequestMapping Mapping, AnswerRule[] Rules)> Entered()
    {
        var mapping = new MappingForm { Json = Mapping }.EnteredJson();
        if (mapping.Refusal is { } refusal)
            return refusal;
        if (string.IsNullOrWhiteSpace(Rules))
            return (mapping.Made!, []);

        return AnswerRules.Parse(Rules) is AnswerRule[] rules ? (mapping.Made!, rules)
            : Refusal.Invalid(
                "These are no rules: a JSON list of objects with means, status, field, values, reason and reason_field.", "answer_rules");
    }

    private async Task<bool> Load(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        if (await IntegrationSettings.Find(connection, Id) is not { } integration)
            return false;

        Integration = integration;
        return true;
    }
}
