using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Core.Deliveries;
using Router.Core.Intake;
using Router.Core.Retention;
using Router.Core.SetAside;

namespace Router.Api.Pages.Sites;

/// <summary>
/// What became of the leads of the last day, week, month or year; every number leads to its list, as long as there is one.
/// </summary>
internal sealed class StatementModel(
    NpgsqlDataSource database, SiteStatement statement, SetAsideMessages setAside, RefusedLeads refused,
    IOptions<RetentionOptions> retention, TimeProvider time)
    : SitePage(database)
{
    [BindProperty(Name = "days", SupportsGet = true)]
    public int Days { get; set; } = 1;

    [BindProperty(Name = "destination", SupportsGet = true)]
    public Guid? DestinationId { get; set; }

    public DateTimeOffset From { get; private set; }

    public IReadOnlyList<StatementRow> Totals { get; private set; } = [];

    /// <summary>What came, by kind; not of days of which only counts are kept.</summary>
    public MessageCounts Received { get; private set; } = MessageCounts.None;

    /// <summary>What came in and can't be planned.</summary>
    public long SetAside { get; private set; }

    /// <summary>What the website sent and was refused for its contents, as long as it is kept.</summary>
    public int Refused { get; private set; }

    public IReadOnlyList<StatementRow> Hours { get; private set; } = [];

    /// <summary>Of the chosen destination, or of all of them together; null where there is nothing to show.</summary>
    public Chart? Chart { get; private set; }

    public IReadOnlyDictionary<Guid, SpeedRow> Speed { get; private set; } = new Dictionary<Guid, SpeedRow>();

    /// <summary>After that only counts are kept.</summary>
    public double RowsAfterDays => retention.Value.RowsAfter.TotalDays;

    /// <summary>A year of hours would be a page of thousands of rows.</summary>
    public bool HasHours => Days <= 30;

    public async Task OnGet(CancellationToken cancellationToken)
    {
        Days = Days is 7 or 30 or 365 ? Days : 1;
        var now = time.GetUtcNow();
        From = now.AddDays(-Days);
        Totals = await statement.Read(SiteId, null, From, now, byHour: false, cancellationToken);
        SetAside = await setAside.OfSite(SiteId, From, now, cancellationToken);
        Refused = await refused.Count(SiteId, From, cancellationToken);
        Received = await statement.Received(SiteId, From, now, cancellationToken);
        Speed = (await statement.Speed(SiteId, From, now, cancellationToken)).ToDictionary(row => row.DestinationId);
        if (!HasHours || Totals.Count == 0)
            return;

        var hours = await statement.Read(SiteId, DestinationId, From, now, byHour: true, cancellationToken);
        if (DestinationId is not null)
            Hours = hours;
        if (hours.Count > 0)
            Chart = Chart.Of(hours, now, Days);
    }

    /// <summary>The same numbers: hour by hour where one destination is chosen, and for no longer than a month.</summary>
    public async Task<IActionResult> OnGetCsv(CancellationToken cancellationToken)
    {
        await OnGet(cancellationToken);
        return new CsvFile(
            "statement",
            [
                "destination_id", "destination", "hour", "received", "delivered", "rejected", "retrying", "held", "dead", "canceled",
                "skipped", "missing",
            ], new[] { (DestinationId is not null && HasHours ? Hours : Totals).Select(row => (object?[])[
                row.DestinationId, row.DestinationName, row.Hour, row.Received, row.Delivered, row.Rejected, row.Retrying, row.Held,
                row.Dead, row.Canceled, row.Skipped, row.Missing,
            ]) }.ToAsyncEnumerable());
    }

    /// <summary>The list behind a number; null where only the counts are kept.</summary>
    public string? ListOf(StatementRow row, string state)
    {
        if (row.CountsOnly == row.Received)
            return null;

        var query = QueryString.Create("destination", row.DestinationId.ToString("D")).Add("state", state);
        return row.Hour is { } hour
            ? $"/sites/{SiteId}/deliveries{query.Add("from", Local(hour)).Add("to", Local(hour.AddHours(1)))}"
            : $"/sites/{SiteId}/deliveries{query.Add("from", Local(From))}";
    }

    private string Local(DateTimeOffset at) => TimeZones.ToInput(at, HttpContext);
}
