using System.CommandLine;
using System.Globalization;

namespace Router.Cli.Management;

/// <summary>Moments on the command line: <c>2026-11-27T08:00Z</c>, or so long ago: <c>90m</c>, <c>24h</c>, <c>7d</c>.</summary>
internal static class Times
{
    public static Option<DateTimeOffset?> Option(string name, string description) => new(name)
    {
        Description = $"{description}: 2026-11-27T08:00Z, or so long ago: 90m, 24h, 7d.", HelpName = "TIME",
        CustomParser = result =>
        {
            if (Parse(result.Tokens[0].Value) is { } time)
                return time;
            result.AddError($"{name}: '{result.Tokens[0].Value}' is no time such as 2026-11-27T08:00Z, 24h or 7d.");
            return null;
        },
    };

    /// <summary>As the API takes it.</summary>
    public static string? Text(DateTimeOffset? time) =>
        time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static DateTimeOffset? Parse(string text)
    {
        if (text.Length > 1 && int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count < 100_000)
        {
            TimeSpan? ago = text[^1] switch
            {
                's' => TimeSpan.FromSeconds(count),
                'm' => TimeSpan.FromMinutes(count),
                'h' => TimeSpan.FromHours(count),
                'd' => TimeSpan.FromDays(count),
                _ => null,
            };
            if (ago is { } before)
                return TimeProvider.System.GetUtcNow() - before;
        }

        return DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time : null;
    }
}
