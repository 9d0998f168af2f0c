using System.Globalization;
using Router.Core.Deliveries;

namespace Router.Api.Pages;

/// <summary>Numbers as people read them. What is counted no further than a limit says so.</summary>
internal static class Amount
{
    public static string Words(int count) => count > TroubledDestinations.Most
        ? $"more than {TroubledDestinations.Most.ToString("N0", CultureInfo.InvariantCulture)}"
        : count.ToString("N0", CultureInfo.InvariantCulture);

    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    public static string Of(long count, string one, string many) => $"{Count(count)} {(count == 1 ? one : many)}";

    public static string Of(int count, string one, string many) => $"{Words(count)} {(count == 1 ? one : many)}";

    public static string Ordinal(int number) =>
        number switch { 1 => "First", 2 => "Second", 3 => "Third", _ =>
        $"{number}{(number % 100 is 11 or 12 or 13 ? "th" : (number % 10) switch { 1 => "st", 2 => "nd", 3 => "rd", _ => "th" })}" };

    public static string Duration(TimeSpan time) => time switch
    {
        { TotalMilliseconds: < 999.5 } => $"{time.TotalMilliseconds:0} ms",
        { TotalSeconds: < 59.95 } => $"{time.TotalSeconds:0.0} s",
        { TotalMinutes: < 60 } => $"{(int)time.TotalMinutes} min{Rest(time.Seconds, "s")}",
        { TotalHours: < 24 } => $"{(int)time.TotalHours} h{Rest(time.Minutes, "min")}",
        _ => $"{Of((int)time.TotalDays, "day", "days")}{Rest(time.Hours, "h")}",
    };

    private static string Rest(int amount, string unit) => amount == 0 ? "" : $" {amount} {unit}";

    /// <summary>Messages by kind: <c>199 new leads, 62 updates and 53 activities</c>.</summary>
    public static string Messages(MessageCounts counts)
    {
        string[] parts =
        [
            .. new (int Count, string One, string Many)[]
            {
                (counts.Leads, "new lead", "new leads"), (counts.Updates, "update", "updates"),
                (counts.Activities, "message with activities", "messages with activities"),
                (counts.Others, "change of a user", "changes of users"),
            }.Where(part => part.Count > 0).Select(part => Of(part.Count, part.One, part.Many)),
        ];
        return parts switch
        {
            [] => "nothing",
            [var only] => only,
            [.. var first, var last] => $"{string.Join(", ", first)} and {last}",
        };
    }

    /// <summary>Milliseconds; nothing where there were none.</summary>
    public static string Percentiles(double? p50, double? p95, double? p99) =>
        p50 is null
            ? "–"
            : string.Join(" · ", new[] { p50, p95, p99 }.Select(value => Duration(TimeSpan.FromMilliseconds(value!.Value))));
}
