using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Npgsql;
using Router.Api.Changes;
using Router.Api.Management;
using Router.Core.Deliveries;
using Router.Core.Destinations;
using Router.Core.Leads;
using Router.Core.Mapping;
using Destination = Router.Api.Management.Destination;

namespace Router.Api.Pages.Sites;

/// <summary>
/// How a custom API gets our events in its own format: for each action by a table or a template, tried on a real lead before it is saved.
/// </summary>
internal sealed class MappingModel(
    NpgsqlDataSource database, DestinationSettings settings, DestinationDirectory directory, ChangePreviews previews)
    : DestinationPage(database)
{
    [BindProperty(Name = "mapping")]
    public MappingForm Form { get; set; } = new();

    /// <summary>An event in our own format, readable; null before it is asked for.</summary>
    public string? OurEvent { get; private set; }

    /// <summary>Whether it is a real one.</summary>
    public bool IsReal { get; private set; }

    /// <summary>The request that it becomes, readable; or why there is none.</summary>
    public string? TheirRequest { get; private set; }

    public async Task<IActionResult> OnGet([FromQuery(Name = "action")] string? action, CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        Form.Action = (LeadActions.TryParse(action) ?? LeadAction.Created).Text();
        Form.Show(Destination.Mapping);
        return Page();
    }

    [Uncounted]
    public async Task<IActionResult> OnPostPreview(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        using var place = await previews.Begin(cancellationToken);
        if (place is null)
            return this.Refused(BusyPreview.Refusal);

        var mapping = Form.Entered(Destination.Mapping) with { Tests = null };
        if ((Form.Forgotten(Destination.Mapping) ?? mapping.Problem) is { } problem)
            return this.Wrong(problem);

        await Preview(mapping, cancellationToken);
        return Page();
    }

    public async Task<IActionResult> OnPost(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        return Form.Forgotten(Destination.Mapping) is { } problem ? this.Wrong(problem)
            : await Save(Form.Entered(Destination.Mapping), cancellationToken);
    }

    public async Task<IActionResult> OnPostTest(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        try
        {
            return await Save(Form.WithTest(Form.Entered(Destination.Mapping)), cancellationToken);
        }
        catch (Exception failed) when (failed is MappingException or KeyNotFoundException)
        {
            return this.Wrong(failed is MappingException ? failed.Message : "This kind of message is not sent: there is nothing to test.");
        }
    }

    public async Task<IActionResult> OnPostJson(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        if (string.IsNullOrWhiteSpace(Form.Json))
            return this.Wrong("Enter the JSON, or press “Send our own format” below.");

        var entered = Form.EnteredJson();
        return entered.Refusal is { } refusal ? this.Wrong(refusal.Sentence) : await Save(entered.Made!, cancellationToken);
    }

    public async Task<IActionResult> OnPostOwn(CancellationToken cancellationToken) =>
        await Load(cancellationToken) ? await Save(new RequestMapping(), cancellationToken) : NotFound();

    private async Task<IActionResult> Save(RequestMapping mapping, CancellationToken cancellationToken)
    {
        var changed = await settings.Change(SiteId, DestinationId, new DestinationFields(Mapping: mapping), cancellationToken);
        if (changed.Refusal is { } refusal)
            return this.Wrong(refusal.Sentence, refusal.Status);

        this.Notice(
            changed.Made!.Mapping is null ? $"{Destination.Name} gets our own format from now on."
                : $"Saved. {Destination.Name} gets its own format from now on. Send it a test, to see what it says.",
            link: ($"/sites/{SiteId}/destinations/{DestinationId}#test", "Test it"));
        return RedirectToPage(new { action = Form.Action });
    }

    private async Task Preview(RequestMapping mapping, CancellationToken cancellationToken)
    {
        var destination = (await directory.Read(DestinationId, orInactive: true, cancellationToken))!
            with { Mapping = CompiledMapping.Of(mapping) };
        var latest = MaySeeLeads ? await Latest(cancellationToken) : [];
        var lead = latest is [var real] ? real : MappingSamples.Events.First(sample => sample.Action == Form.Chosen);
        IsReal = latest.Count > 0;
        var body = OutgoingBody.Compose(lead, Site.Domain, Site.LoginUrlTemplate);
        OurEvent = ReadableBody.Of(body.For(Destination.PartnerId), SentRequest.MostShown).Text;
        TheirRequest = !destination.Understands(Form.Chosen) ? "It is not sent."
            : await destination.ContentOf(Form.Chosen, body, cancellationToken) is var content && content.Problem is { } problem ? problem
            : ReadableBody.Of(content.Bytes, SentRequest.MostShown).Text;
    }

    /// <summary>On a connection that nobody holds while the format is tried.</summary>
    private async Task<List<LeadEvent>> Latest(CancellationToken cancellationToken)
    {
        await using var connection = await Database.OpenConnectionAsync(cancellationToken);
        return await LatestEvents.Of(connection, SiteId, Form.Chosen, 1, cancellationToken);
    }

    protected override bool IsFor(Destination destination) => DestinationKinds.Parse(destination.Kind) == DestinationKind.Custom;

    protected override async Task<bool> Load(CancellationToken cancellationToken)
    {
        if (!await base.Load(cancellationToken))
            return false;

        // Of the page's two forms one was sent; the other shows what is stored.
        if (Form.How is null)
        {
            var json = Form.Json;
            Form.Show(Destination.Mapping);
            Form.Json = json ?? Form.Json;
        }
        else
        {
            Form.Json = MappingForm.Write(Destination.Mapping);
        }

        return true;
    }
}
