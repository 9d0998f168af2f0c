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
internal sealed class MappingModel(NpgsqlDataSource database, DestinationSettings settings, DestinationDirectory directory)
    : SitePage(database)
{
    [FromRoute(Name = "destination")]
    public Guid DestinationId { get; set; }

    [BindProperty(Name = "mapping")]
    public MappingForm Form { get; set; } = new();

    public Destination Destination { get; private set; } = null!;

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

        Form.Action = action is not null && LeadActions.All.Contains(action) ? action : LeadActions.Created;
        Form.Show(Destination.Mapping);
        return Page();
    }

    public async Task<IActionResult> OnPostPreview(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        var mapping = Form.Entered(Destination.Mapping) with { Tests = null };
        if (mapping.Problem is { } problem)
            return Wrong(problem);

        await Preview(mapping, cancellationToken);
        return Page();
    }

    public async Task<IActionResult> OnPost(CancellationToken cancellationToken) =>
        await Load(cancellationToken) ? await Save(Form.Entered(Destination.Mapping), cancellationToken) : NotFound();

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
            return Wrong(failed is MappingException ? failed.Message : "This kind of message is not sent: there is nothing to test.");
        }
    }

    public async Task<IActionResult> OnPostJson(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        var entered = Form.EnteredJson();
        return entered.Refusal is { } refusal ? Wrong(refusal.Sentence) : await Save(entered.Made!, cancellationToken);
    }

    public async Task<IActionResult> OnPostOwn(CancellationToken cancellationToken) =>
        await Load(cancellationToken) ? await Save(new RequestMapping(), cancellationToken) : NotFound();

    private async Task<IActionResult> Save(RequestMapping mapping, CancellationToken cancellationToken)
    {
        var changed = await settings.Change(SiteId, DestinationId, new DestinationFields(Mapping: mapping), cancellationToken);
        if (changed.Refusal is { } refusal)
            return Wrong(refusal.Sentence, refusal.Status);

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
        await using var connection = await Database.OpenConnectionAsync(cancellationToken);
        var latest = MaySeeLeads ? await LatestEvents.Of(connection, SiteId, Form.Action, 1, cancellationToken) : [];
        var lead = latest is [var real] ? real : MappingSamples.Events.First(sample => sample.Action == Form.Action);
        IsReal = latest.Count > 0;
        var body = OutgoingBody.Compose(lead, Site.Domain, Site.LoginUrlTemplate);
        OurEvent = ReadableBody.Of(body.For(Destination.PartnerId), SentRequest.MostShown).Text;
        TheirRequest = !destination.Understands(Form.Action) ? "It is not sent."
            : destination.ContentOf(Form.Action, body) is var content && content.Problem is { } problem ? problem
            : ReadableBody.Of(content.Bytes, SentRequest.MostShown).Text;
    }

    private PageResult Wrong(string sentence, int status = StatusCodes.Status422UnprocessableEntity)
    {
        ModelState.AddModelError("", sentence);
        Response.StatusCode = status;
        return Page();
    }

    private async Task<bool> Load(CancellationToken cancellationToken)
    {
        if (await FindDestination(DestinationId, cancellationToken) is not { } destination
            || DestinationKinds.Parse(destination.Kind) != DestinationKind.Custom)
            return false;

        Destination = destination;
        return true;
    }
}
