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

    [BindProperty(Name = "quiet_from")]
    public string? QuietFrom { get; set; }

    [BindProperty(Name = "quiet_until")]
    public string? QuietUntil { get; set; }

    [BindProperty(Name = "quiet_days")]
    public int[] QuietDays { get; set; } = [];

    [BindProperty(Name = "quiet_time_zone")]
    public string QuietTimeZone { get; set; } = "";

    public bool IsLeadManager => DestinationKinds.Parse(Destination.Kind) == DestinationKind.LeadManager;

    /// <summary>The settings that have a line in the form.</summary>
    public IEnumerable<(OwnSetting Setting, SettingField Field)> Lines =>
        from setting in OwnSettings.All
        where setting.Field is not null && !(IsLeadManager && setting.NotForLeadManager is not null)
        select (setting, setting.Field);

    /// <summary>What is in a line: what was entered, or what is stored.</summary>
    public string? TextOf(OwnSetting setting) => HttpMethods.IsPost(Request.Method) ? Entered(setting) : setting.Field!.Text(Destination);

    /// <summary>What to enter in a line.</summary>
    public string HelpOf(OwnSetting setting) => setting.Field!.Help.Replace("{default}", setting.Name switch
    {
        "timeout" => delivery.Value.RequestTimeout.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture),
        "retry_schedule" when delivery.Value.Schedule.Count > 0 =>
            Spans.Text(delivery.Value.Schedule.Select(delay => Math.Max(1, (int)delay.TotalSeconds))),
        _ => "none",
    }, StringComparison.Ordinal);

    public async Task<IActionResult> OnGet(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        var quiet = Destination.QuietHours;
        (QuietFrom, QuietUntil, QuietDays) = (quiet?.From, quiet?.Until, quiet?.Days ?? []);
        QuietTimeZone = quiet?.TimeZone ?? HttpContext.SignedIn()?.TimeZone ?? "Etc/UTC";
        return Page();
    }

    public async Task<IActionResult> OnPost(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        OwnSettings fields = new DestinationFields
        {
            QuietHours = IsLeadManager ? null : new QuietTimes(
                // Browsers without a picker, and with one that knows seconds.
                Minutes(QuietFrom), Minutes(QuietUntil), QuietDays.Length is 0 or 7 ? null : QuietDays, QuietTimeZone),
        };
        foreach (var (setting, field) in Lines)
            fields = field.Entered(fields, Entered(setting).Trim());
        var changed = await settings.Change(SiteId, DestinationId, (DestinationFields)fields, cancellationToken);
        if (changed.Refusal is { } refusal)
            return this.Refused(refusal);

        this.Notice("Saved. It is in force within a second.");
        return Redirect($"/sites/{SiteId}/destinations/{DestinationId}");
    }

    private string Entered(OwnSetting setting) => Request.Form[setting.Name].ToString();

    private static string? Minutes(string? time) => time?.Trim() is { Length: 8 } exact ? exact[..5] : time?.Trim();

    protected override bool IsFor(Destination destination) =>
        DestinationKinds.Parse(destination.Kind) != DestinationKind.LeadManager || HttpContext.Account().IsOperator;
}
