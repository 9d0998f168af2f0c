using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Api.Authentication;
using Router.Api.Management;
using Router.Core.Deliveries;
using Router.Core.Leads;
using Router.Core.Search;

namespace Router.Api.Pages.Sites;

/// <summary>A site's deliveries, or one destination's, narrowed by state, lead and time; and all of them sent again.</summary>
internal sealed class DeliveriesModel(NpgsqlDataSource database, DeliveryHistory history, ReplayJobs replays, LeadSearch search)
    : SitePage(database)
{
    private const int PageSize = 50;
    private const int CsvPage = 500;

    private Dictionary<Guid, string> _names = [];

    [BindProperty(Name = "destination", SupportsGet = true)]
    public Guid? DestinationId { get; set; }

    [BindProperty(Name = "state", SupportsGet = true)]
    public string? State { get; set; }

    [BindProperty(Name = "lead", SupportsGet = true)]
    public string? Lead { get; set; }

    /// <summary>Set when the filter names one.</summary>
    public Guid? LeadId => Uuids.TryParse(Lead?.Trim(), out var id) ? id : null;

    /// <summary>In the account's time zone, as the browser's input writes it.</summary>
    [BindProperty(Name = "from", SupportsGet = true)]
    public string? From { get; set; }

    [BindProperty(Name = "to", SupportsGet = true)]
    public string? To { get; set; }

    /// <summary>What the last attempt came to: a status, or why there was none.</summary>
    [BindProperty(Name = "answer", SupportsGet = true)]
    public string? Answer { get; set; }

    [BindProperty(Name = "after", SupportsGet = true)]
    public string? After { get; set; }

    public IReadOnlyList<NamedDestination> Destinations { get; private set; } = [];

    public IReadOnlyList<DeliveryRow> Rows { get; private set; } = [];

    public string? Next { get; private set; }

    /// <summary>How many "replay all" would send; null where the filter's state isn't one to replay.</summary>
    public MessageCounts? Replayable { get; private set; }

    /// <summary>What "replay all" would leave out.</summary>
    public LeftOut LeftOut { get; private set; } = new(0, 0);

    public bool IsConfirming { get; private set; }

    /// <summary>How many are in each state that somebody may have to do something about.</summary>
    public IReadOnlyList<(DeliveryState State, int Count)> Unsettled { get; private set; } = [];

    /// <summary>Who a row's lead is, for those who may know; null where nobody knows any more.</summary>
    public string? Who(DeliveryRow row) => Uuids.TryParse(row.LeadId, out var id) ? _names.GetValueOrDefault(id) : null;

    /// <summary>The words for why there was no answer, as people type them.</summary>
    public static IEnumerable<string> Answers => Enum.GetValues<AttemptError>().Select(error => error.Text().Replace('_', ' '));

    /// <summary>How many fields of the form narrow it down, besides the state.</summary>
    public int Narrowed => new[] { DestinationId?.ToString(), Lead, From, To, Answer }.Count(value => !string.IsNullOrWhiteSpace(value));

    public bool IsNarrowed => Narrowed > 0 || !ModelState.IsValid;

    public async Task OnGet(CancellationToken cancellationToken) => await Load(cancellationToken);

    /// <summary>All that the filter lets through.</summary>
    public async Task<IActionResult> OnGetCsv(CancellationToken cancellationToken)
    {
        if (Filter() is { } filter)
            return new CsvFile(
                "deliveries",
                [
                    "message_id", "lead_id", "action", "destination_id", "destination", "state", "attempts", "last_status", "last_error",
                    "accepted_at", "first_attempt_at", "finished_at", "next_attempt_at", "is_test",
                ], All(filter, cancellationToken));

        await Load(cancellationToken);
        return Page();
    }

    private async IAsyncEnumerable<IEnumerable<object?[]>> All(
        DeliveryFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var after = ((Guid, Guid)?)null;
        do
        {
            var rows = await history.Newest(SiteId, filter, MaySeeLeads, after, CsvPage, cancellationToken);
            yield return rows.Select(row => (object?[])[
                row.EventId, row.LeadId, row.Action, row.DestinationId, row.DestinationName, row.State, row.Attempts, row.LastStatus,
                row.LastError, row.AcceptedAt, row.FirstAttemptAt, row.FinishedAt, row.NextAttemptAt, row.IsTest ? "true" : "false",
            ]);
            after = rows.Count < CsvPage ? null : (rows[^1].EventId, rows[^1].DestinationId);
        }
        while (after is not null);
    }

    public async Task OnGetReplay(CancellationToken cancellationToken)
    {
        IsConfirming = true;
        await Load(cancellationToken);
    }

    public async Task<IActionResult> OnPostReplay(CancellationToken cancellationToken)
    {
        if (Filter() is not { } filter || !IsReplayable)
            return await Refuse(cancellationToken);

        var account = HttpContext.Account();
        var started = await replays.Start(SiteId, filter, account.Actor, account.IsOperator, cancellationToken);
        if (started.Job is { } job)
            return Redirect($"/sites/{SiteId}/replays/{job.Id}");

        IsConfirming = true;
        await Load(cancellationToken);
        return this.Wrong(started.Refusal!, StatusCodes.Status409Conflict);
    }

    /// <summary>The query of this filter, with another state or page.</summary>
    public string Query(string? state, string? after = null, string? handler = null) => QueryString.Create(
        new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["handler"] = handler, ["destination"] = DestinationId?.ToString("D"), ["state"] = state, ["lead"] = Lead, ["from"] = From,
            ["to"] = To, ["answer"] = Answer, ["after"] = after,
        }.Where(pair => !string.IsNullOrEmpty(pair.Value))).Value ?? "";

    private bool IsReplayable => DeliveryStates.TryParse(State)?.IsFinished() is true;

    private async Task<IActionResult> Refuse(CancellationToken cancellationToken)
    {
        await Load(cancellationToken);
        return Page();
    }

    private async Task Load(CancellationToken cancellationToken)
    {
        await using (var connection = await Database.OpenConnectionAsync(cancellationToken))
            Destinations = await DestinationRows.Names(connection, SiteId);
        Unsettled = await history.Unsettled(SiteId, DestinationId, cancellationToken);
        if (Filter() is not { } filter)
            return;

        var page = Page<DeliveryRow>.Of(
            await history.Newest(SiteId, filter, MaySeeLeads, DeliveryCursor.Parse(After), PageSize + 1, cancellationToken), PageSize,
            row => DeliveryCursor.Of(row.EventId, row.DestinationId));
        (Rows, Next) = (page.Items, page.Next);
        if (MaySeeLeads)
            _names = await search.Names(
                SiteId, [.. Rows.Select(row => Uuids.TryParse(row.LeadId, out var id) ? id : Guid.Empty).Distinct()], cancellationToken);
        Replayable = IsReplayable ? await replays.Count(SiteId, filter, cancellationToken) : null;
        if (IsConfirming && IsReplayable)
            LeftOut = await replays.CountLeftOut(SiteId, filter, cancellationToken);
    }

    /// <summary>Null when something typed can't be understood; then the page says what.</summary>
    private DeliveryFilter? Filter()
    {
        if (!string.IsNullOrWhiteSpace(Lead) && LeadId is null)
            ModelState.AddModelError("lead", "A lead's id is 32 digits and letters, with or without hyphens.");
        if (!string.IsNullOrEmpty(State) && DeliveryStates.TryParse(State) is null)
            ModelState.AddModelError("", "There is no such state.");
        var (from, to) = (Moment("from", From), Moment("to", To));
        if (from >= to)
            ModelState.AddModelError("to", "The end must be after the beginning.");
        var status = int.TryParse(Answer?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : (int?)null;
        if (status is < 100 or > 599)
            ModelState.AddModelError("answer", "A status is a number from 100 to 599.");
        var error = status is null && !string.IsNullOrWhiteSpace(Answer) ? Answer.Trim().ToLowerInvariant().Replace(' ', '_') : null;
        return ModelState.IsValid
            ? new DeliveryFilter(DeliveryStates.TryParse(State), DestinationId, LeadId, from, to, Status: status, Error: error) : null;
    }

    private DateTimeOffset? Moment(string field, string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return null;
        if (TimeZones.FromInput(text, HttpContext) is { } moment)
            return moment;

        ModelState.AddModelError(field, "Enter a date and time like 2026-11-22 14:00.");
        return null;
    }
}
