using System.Globalization;
using Router.Core.Leads;

namespace Router.Core.Destinations;

/// <summary>
/// What each destination can have of its own, one of the catalogue, too. In what is stored, null is "not set". In a request null leaves a
/// setting as it is, and zero or something empty takes it away.
/// </summary>
public record OwnSettings
{
    private static readonly string[] ChosenActions = [.. LeadActions.Chosen.Select(LeadActions.Text)];

    /// <summary>Requests in flight from each worker, 1 to 10,000; the default is 32, Lead Manager's 256.</summary>
    public int? MaxInFlight { get; init; }

    /// <summary>Leads a second at most, from all workers together, 0.1 to 1,000. Fresh leads go before retries and replays.</summary>
    public double? MaxPerSecond { get; init; }

    /// <summary>Seconds that a whole request may take, 1 to 60; the default is 15.</summary>
    public int? Timeout { get; init; }

    /// <summary>
    /// Seconds before each retry: 1 to 20 of them, each from 1 to 172,800 (48 hours), together 604,800 (7 days) at most; the default is
    /// eleven within about twenty hours.
    /// </summary>
    public int[]? RetrySchedule { get; init; }

    /// <summary>
    /// Seconds after which a lead that hasn't arrived is given up as too old, 60 to 1,209,600 (14 days). Never Lead Manager.
    /// </summary>
    public int? TimeToLive { get; init; }

    /// <summary>When nothing is sent. Never Lead Manager.</summary>
    public QuietTimes? QuietHours { get; init; }

    /// <summary>
    /// Whether an event waits there until the earlier ones of its lead have been delivered or given up; the default is true. False: each
    /// comes as fast as it can.
    /// </summary>
    public bool? KeepOrder { get; init; }

    /// <summary>
    /// What it gets, of <c>created</c>, <c>updated</c>, <c>activity_added</c> and <c>user_updated</c>. Never Lead Manager.
    /// </summary>
    public string[]? Actions { get; init; }

    /// <summary>
    /// Which new leads it gets: all of the conditions must fit, or any of them. What follows a lead goes where the lead went. Never Lead
    /// Manager.
    /// </summary>
    public LeadFilter? Filter { get; init; }

    /// <summary>Each of them, in the order in which forms and refusals have them.</summary>
    public static IReadOnlyList<OwnSetting> All { get; } =
    [
        new("max_in_flight", own => own.MaxInFlight)
        {
            Problem = own => own.MaxInFlight is < 0 or > 10_000 ? "'max_in_flight' must be from 1 to 10000, or 0 for the default." : null,
            Called = "requests at once", WhenUnset = "the default",
        },
        new("max_per_second", own => own.MaxPerSecond)
        {
            Problem = own => own.MaxPerSecond is not (null or 0 or >= 0.1 and <= 1000)
                ? "'max_per_second' must be from 0.1 to 1000, or 0 for no limit." : null,
            Called = "leads a second", WhenUnset = "no limit",
            Sentence = own => own.MaxPerSecond is { } most
                ? string.Create(CultureInfo.InvariantCulture, $"It gets {most:0.###} leads a second at most.") : null,
            Field = new("Leads a second, at most",
                "From 0.1 (one in ten seconds) to 1000; empty for as fast as they come. New leads go before what is tried again or sent "
                + "again. The rest waits; nothing is lost.",
                "Enter a number from 0.1 to 1000, or nothing.",
                own => own.MaxPerSecond?.ToString(CultureInfo.InvariantCulture),
                (own, text) => own with { MaxPerSecond = SettingField.Number(text) }),
        },
        new("timeout", own => own.Timeout)
        {
            Problem = own => own.Timeout is < 0 or > 60 ? "'timeout' must be from 1 to 60 seconds, or 0 for the default." : null,
            Called = "seconds for an answer", WhenUnset = "the default",
            Sentence = own => own.Timeout is { } seconds ? $"It has {(seconds == 1 ? "1 second" : $"{seconds} seconds")} to answer." : null,
            Field = new("Seconds to wait for an answer",
                "From 1 to 60; empty for {default}. After that the lead counts as not delivered and is tried again.",
                "Enter a number of seconds from 1 to 60, or nothing.",
                own => own.Timeout?.ToString(CultureInfo.InvariantCulture), (own, text) => own with { Timeout = SettingField.Whole(text) }),
        },
        new("retry_schedule", own => own.RetrySchedule)
        {
            Problem = own => own.RetrySchedule is { } schedule && !RetryDelays.CanBe(schedule)
                ? "'retry_schedule' must be 1 to 20 delays in seconds, each from 1 to 172800 (48 hours), five of them at most under 30, "
                    + "together 604800 (7 days) at most; none for the default." : null,
            Called = "seconds between tries", WhenUnset = "the default",
            Sentence = own => own.RetrySchedule is { } schedule ? $"A failed lead is tried again after {Spans.Text(schedule)}." : null,
            Field = new("When a failed lead is tried again",
                "The wait before each further try, such as 30s, 5m, 2h, 1d: up to 20, each from 1s to 48h, together 7d at most. Empty for "
                + "{default}.",
                "Enter 1 to 20 waits such as 30s, 5m, 2h, 1d: each from 1s to 48h, five at most under 30s, together 7d at most. Or "
                + "nothing.",
                own => own.RetrySchedule is { } schedule ? Spans.Text(schedule) : null,
                (own, text) => own with { RetrySchedule = Spans.ParseAll(text) ?? [-1] }),
        },
        new("time_to_live", own => own.TimeToLive)
        {
            Problem = own => own.TimeToLive is not (null or 0 or >= 60 and <= 14 * 24 * 60 * 60)
                ? "'time_to_live' must be from 60 to 1209600 seconds (14 days), or 0 for never." : null,
            NotForLeadManager = "Lead Manager gets its leads at any hour and however old they are.",
            Called = "seconds until a lead is given up", WhenUnset = "never",
            Sentence = own => own.TimeToLive is { } life ? $"A lead that has not arrived after {Spans.Text(life)} is given up." : null,
            Field = new("Give a lead up after",
                "For leads that are worth nothing when they are late: from 1m to 14d, such as 2h. Empty for never: then it is tried until "
                + "the end of the tries above. What is given up is shown as failed for good, and you can send it again.",
                "Enter a time from 1m to 14d, such as 2h, or nothing.",
                own => own.TimeToLive is { } life ? Spans.Text(life) : null,
                (own, text) => own with { TimeToLive = text.Length == 0 ? 0 : Spans.Parse(text) ?? -1 }),
        },
        new("quiet_hours", own => own.QuietHours)
        {
            IsJson = true, Stored = own => own.QuietHours is { IsNone: false } ? own.QuietHours.ToJson() : null,
            Problem = own => own.QuietHours?.Problem,
            NotForLeadManager = "Lead Manager gets its leads at any hour and however old they are.",
            Called = "quiet hours",
        },
        new("keep_order", own => own.KeepOrder) { IsAlwaysSet = true, Called = "each lead in order" },
        new("actions", own => own.Actions)
        {
            Stored = own => own.Actions is not { } actions || ChosenActions.All(actions.Contains) ? null : actions,
            Problem = own => own.Actions is { Length: 0 } || own.Actions?.All(ChosenActions.Contains) is false
                ? $"'actions' must be one or more of {string.Join(", ", ChosenActions)}." : null,
            Called = "what it gets",
        },
        new("filter", own => own.Filter)
        {
            IsJson = true, Stored = own => own.Filter is { Conditions.Count: > 0 } ? own.Filter.ToJson() : null,
            Problem = own => own.Filter is { Conditions: null } ? "'filter' needs 'conditions'; none of them means all leads."
                : own.Filter?.Problem,
            Called = "which leads it gets",
        },
    ];

    /// <summary>Their columns, as <c>select</c> takes them.</summary>
    /// <param name="table">The alias of <c>destinations</c>.</param>
    public static string Columns(string table) => string.Join(
        ", ", All.Select(one => one.IsJson ? $"{table}.{one.Name}::text as {one.Name}" : $"{table}.{one.Name}"));

    /// <summary>The setting of that name; null where there is none.</summary>
    public static OwnSetting? Find(string name) => All.FirstOrDefault(setting => setting.Name == name);

    /// <summary>These alone, without what a record that is made from this one has besides.</summary>
    public OwnSettings Alone() => new(this);
}
