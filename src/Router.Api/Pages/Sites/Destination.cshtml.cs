using System.Globalization;
using Dapper;
using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Api.Management;
using Router.Core.Deliveries;
using Router.Core.Destinations;
using Destination = Router.Api.Management.Destination;

namespace Router.Api.Pages.Sites;

/// <summary>One destination: its settings, its health, its tests.</summary>
internal sealed class DestinationModel(
    NpgsqlDataSource database, DestinationHealth healths, DestinationSettings settings, DestinationCheck checks, DeliveryReplay replay,
    ReplayRate rate, AuditLog log, ActiveNotice notice, TimeProvider time) : SitePage(database)
{
    private const int MostChecks = 10;

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

    [BindProperty(Name = "actions")]
    public string[]? Actions { get; set; }

    /// <summary>What is checked; null for everything.</summary>
    public IReadOnlyList<string>? ActionsShown => HttpMethods.IsPost(Request.Method) ? Actions ?? [] : Destination.Actions;

    [BindProperty(Name = "keep_order")]
    public bool? KeepOrderChoice { get; set; }

    /// <summary>Whether a lead's messages come one after the other.</summary>
    public bool KeepOrder => KeepOrderChoice ?? Destination.KeepOrder ?? true;

    public Destination Destination { get; private set; } = null!;

    public DestinationHealthRow Health { get; private set; } = null!;

    /// <summary>What waits for it.</summary>
    public MessageCounts Waiting { get; private set; } = MessageCounts.None;

    /// <summary>From a new destination to its first lead; none after that.</summary>
    public IReadOnlyList<FirstStep> Steps { get; private set; } = [];

    /// <summary>Its latest tests, newest first.</summary>
    public IReadOnlyList<CheckReport> Checks { get; private set; } = [];

    /// <summary>Whether it was on before it was off.</summary>
    public bool WasOff { get; private set; }

    /// <summary>When its URL, secret, headers or Partner ID were changed last.</summary>
    public DateTimeOffset SettingsChangedAt { get; private set; }

    /// <summary>Whether its latest failure says nothing of its present settings.</summary>
    public bool IsChangedSinceFailure => SettingsChangedAt > Health.LastFailedAt;

    /// <summary>How fast, how long and when it is sent to, in a few sentences.</summary>
    public string Pace
    {
        get
        {
            var own = OwnSettings.All.Select(setting => setting.Sentence(Destination))
                .Append(Destination.QuietHours is { } quiet ? $"Nothing is sent {Labels.Quiet(quiet)}." : null);
            var sentences = string.Join(' ', own.OfType<string>());
            return sentences.Length > 0 ? sentences
                : "As fast as leads come, at any hour; a failed one is tried again by the usual schedule.";
        }
    }

    public DateTimeOffset Now => time.GetUtcNow();

    public Integration? Integration { get; private set; }

    public bool IsLeadManager => DestinationKinds.Parse(Destination.Kind) == DestinationKind.LeadManager;

    /// <summary>Lead Manager is the operators'; a registered one's address is the catalogue's.</summary>
    public bool MayChange => !IsLeadManager || HttpContext.Account().IsOperator;

    public async Task<IActionResult> OnGet(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        (Name, DestinationUrl, PartnerId, Signature) = (Destination.Name, Destination.Url, Destination.PartnerId, Destination.Signature);
        return Page();
    }

    [ConfirmFirst]
    public async Task<IActionResult> OnPost(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        var isRegistered = Destination.IntegrationId is not null;
        var changed = await settings.Change(SiteId, DestinationId, new DestinationFields(
            Name: Name?.Trim() ?? "", Url: isRegistered ? null : DestinationUrl?.Trim() ?? "", PartnerId: PartnerId?.Trim() ?? "",
            Signature: isRegistered ? null : Signature)
            {
                KeepOrder = KeepOrderChoice, Actions = IsLeadManager ? null : Actions ?? [],
            }, cancellationToken);
        if (changed.Refusal is { } refusal)
            return this.Refused(refusal);

        this.Notice(Waiting.Total == 0
            ? "Saved. It is in force within a second."
            : "Saved. It is in force within a second, for what waits too: "
                + "that goes out at its own next attempt, or at once if you say so below.");
        return RedirectToPage();
    }

    public async Task<IActionResult> OnPostActive(bool active, CancellationToken cancellationToken)
    {
        if (!active && await FindDestination(DestinationId, cancellationToken) is not null
            && (await healths.Backlog(DestinationId, cancellationToken)).Total > 0)
            return Redirect($"/sites/{SiteId}/destinations/{DestinationId}/off");

        var changed = await settings.Change(SiteId, DestinationId, new DestinationFields(Active: active), cancellationToken);
        if (changed.Refusal is { } refusal)
            return await Refuse(refusal, cancellationToken);

        await notice.Say(this, SiteId, changed.Made!, "active", cancellationToken);
        return Back("active");
    }

    public async Task<IActionResult> OnPostPause(bool paused, CancellationToken cancellationToken)
    {
        var changed = await settings.Change(SiteId, DestinationId, new DestinationFields(Paused: paused), cancellationToken);
        if (changed.Refusal is { } refusal)
            return await Refuse(refusal, cancellationToken);

        // A Lead Manager that goes on has nothing to pause any more, and no place for that.
        this.Notice(
            paused
                ? $"{changed.Made!.Name} is paused: its leads are held, none is lost, until you resume it."
                : $"{changed.Made!.Name} goes on: what was held is sent now, few at first and then more.",
            DestinationKinds.Parse(changed.Made!.Kind) == DestinationKind.LeadManager ? null : "pause");
        return Back("pause");
    }

    [Uncounted]
    public async Task<IActionResult> OnPostTryNow(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();
        if (rate.OfAll(DestinationId) is { } tooOften)
            return await Refuse(tooOften, cancellationToken);

        var count = await replay.AllWaiting(SiteId, DestinationId, cancellationToken);
        this.Notice(count == 0 ? "Nothing waits any more, or it is being tried already."
            : $"{Amount.Of(count, "delivery is", "deliveries are")} being tried now.");
        return RedirectToPage();
    }

    [Uncounted]
    public async Task<IActionResult> OnPostTest(bool goLive, CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();
        var started = await checks.Start(SiteId, DestinationId, goLive, cancellationToken);
        if (started.Id is { } check)
            return Redirect($"/sites/{SiteId}/destinations/{DestinationId}/checks/{check}");

        await OnGet(cancellationToken);
        return this.Refused(new Refusal(StatusCodes.Status429TooManyRequests, started.Refusal!));
    }

    [ConfirmFirst]
    public async Task<IActionResult> OnPostKey([FromForm(Name = "key")] string? key, CancellationToken cancellationToken)
    {
        var changed = await settings.Change(SiteId, DestinationId, new DestinationFields(Key: key ?? ""), cancellationToken);
        if (changed.Refusal is { } refusal)
            return await Refuse(refusal, cancellationToken);

        this.Notice($"{changed.Made!.Name} gets the new key from now on. Send it a test, to see that it fits.");
        return RedirectToPage();
    }

    private async Task<IActionResult> Refuse(Refusal refusal, CancellationToken cancellationToken)
    {
        if (await OnGet(cancellationToken) is NotFoundResult gone)
            return gone;

        return this.Refused(refusal);
    }

    /// <summary>Whether it gets another system's format: such a system doesn't know our signature.</summary>
    public bool HasOwnFormat => (Integration?.Mapping ?? Destination.Mapping) is not null;

    private RedirectToPageResult Back(string place) =>
        RedirectToPage(pageName: null, pageHandler: null, routeValues: null, fragment: place);

    private async Task<bool> Load(CancellationToken cancellationToken)
    {
        if (await FindDestination(DestinationId, cancellationToken) is not { } destination)
            return false;

        Destination = destination;
        Health = (await healths.Of([DestinationId], cancellationToken))[DestinationId];
        Waiting = await healths.Backlog(DestinationId, cancellationToken);
        WasOff = await log.SwitchedOff(SiteId, DestinationId, cancellationToken) is { WasNew: false };
        Checks = await checks.Latest(SiteId, DestinationId, MostChecks, cancellationToken);
        await using var connection = await Database.OpenConnectionAsync(cancellationToken);
        Steps = await FirstSteps.Of(connection, destination, SiteId, cancellationToken);
        SettingsChangedAt = await connection.ExecuteScalarAsync<DateTimeOffset>(new CommandDefinition(
            "select settings_changed_at from destinations where id = @Id", new { destination.Id }, cancellationToken: cancellationToken));
        Integration = destination.IntegrationId is { } integration ? await IntegrationSettings.Find(connection, integration) : null;
        return true;
    }
}
