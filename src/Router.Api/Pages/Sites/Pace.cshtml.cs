using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Api.Management;
using Router.Core.Deliveries;
using Router.Core.Destinations;
using Destination = Router.Api.Management.Destination;

namespace Router.Api.Pages.Sites;

/// <summary>How fast a destination is sent to, how long it is tried, and when nothing is sent.</summary>
internal sealed class PaceModel(NpgsqlDataSource database, DestinationSettings settings, IOptions<DeliveryOptions> delivery)
    : DestinationPage(database)
{
    public static readonly IReadOnlyList<(int Day, string Name)> WeekDays =
    [
        (1, "Monday"), (2, "Tuesday"), (3, "Wednesday"), (4, "Thursday"), (5, "Friday"), (6, "Saturday"), (7, "Sunday"),
    ];

    [BindProperty(Name = "max_per_second")]
    public string? MaxPerSecond { get; set; }

    [BindProperty(Name = "timeout")]
    public string? Timeout { get; set; }

    [BindProperty(Name = "retry_schedule")]
    public string? RetrySchedule { get; set; }

    [BindProperty(Name = "time_to_live")]
    public string? TimeToLive { get; set; }

    [BindProperty(Name = "quiet_from")]
    public string? QuietFrom { get; set; }

    [BindProperty(Name = "quiet_until")]
    public string? QuietUntil { get; set; }

    [BindProperty(Name = "quiet_days")]
    public int[] QuietDays { get; set; } = [];

    [BindProperty(Name = "quiet_time_zone")]
    public string QuietTimeZone { get; set; } = "";

    public bool IsLeadManager => DestinationKinds.Parse(Destination.Kind) == DestinationKind.LeadManager;

    public string DefaultTimeout => delivery.Value.RequestTimeout.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture);

    public string DefaultSchedule => delivery.Value.Schedule.Count == 0 ? "none"
        : Spans.Text(delivery.Value.Schedule.Select(delay => Math.Max(1, (int)delay.TotalSeconds)));

    public async Task<IActionResult> OnGet(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        MaxPerSecond = Destination.MaxPerSecond?.ToString(CultureInfo.InvariantCulture);
        Timeout = Destination.Timeout?.ToString(CultureInfo.InvariantCulture);
        RetrySchedule = Destination.RetrySchedule is { } schedule ? Spans.Text(schedule) : null;
        TimeToLive = Destination.TimeToLive is { } seconds ? Spans.Text(seconds) : null;
        var quiet = Destination.QuietHours;
        (QuietFrom, QuietUntil, QuietDays) = (quiet?.From, quiet?.Until, quiet?.Days ?? []);
        QuietTimeZone = quiet?.TimeZone ?? HttpContext.SignedIn()?.TimeZone ?? "Etc/UTC";
        return Page();
    }

    public async Task<IActionResult> OnPost(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        // What can't be read is beyond every limit: the refusal states them.
        var fields = new DestinationFields(
            MaxPerSecond: Entered(MaxPerSecond, text =>
                double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var most) ? most : -1),
            Timeout: Entered(Timeout, text =>
                int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? seconds : -1),
            RetrySchedule: Spans.ParseAll(RetrySchedule ?? "") ?? [-1],
            TimeToLive: IsLeadManager ? null : Entered(TimeToLive, text => Spans.Parse(text) ?? -1),
            QuietHours: IsLeadManager ? null : new QuietTimes(
                // Browsers without a picker, and with one that knows seconds.
                Minutes(QuietFrom), Minutes(QuietUntil), QuietDays.Length is 0 or 7 ? null : QuietDays, QuietTimeZone));
        var changed = await settings.Change(SiteId, DestinationId, fields, cancellationToken);
        if (changed.Refusal is { } refusal)
            return this.Refused(refusal);

        this.Notice("Saved. It is in force within a second.");
        return Redirect($"/sites/{SiteId}/destinations/{DestinationId}");
    }

    /// <summary>Zero, for the default, where nothing was entered.</summary>
    private static T Entered<T>(string? text, Func<string, T> parse)
        where T : struct => string.IsNullOrWhiteSpace(text) ? default : parse(text.Trim());

    private static string? Minutes(string? time) => time?.Trim() is { Length: 8 } exact ? exact[..5] : time?.Trim();

    protected override bool IsFor(Destination destination) =>
        DestinationKinds.Parse(destination.Kind) != DestinationKind.LeadManager || HttpContext.Account().IsOperator;
}
