using System.Globalization;
using System.Text.Json.Nodes;

namespace Router.Cli.Showing;

/// <summary>Makes what others have written fit for a terminal.</summary>
internal static class Plain
{
    /// <summary>Without what a terminal would obey: names and answers come from anybody.</summary>
    public static string Line(string? text) =>
        text is null || !text.Any(IsDangerous) ? text ?? ""
        : string.Concat(text.Select(character => character is '\n' or '\r' or '\t' ? ' ' : IsDangerous(character) ? '�' : character));

    /// <summary>The same with its lines.</summary>
    public static string Lines(string text) =>
        string.Concat(text.Select(character => character is '\n' or '\t' || !IsDangerous(character) ? character : '�'));

    /// <summary>A time as <c>2026-11-27 09:41:02Z</c>.</summary>
    public static string Time(JsonNode? time) => time is null ? ""
        : time.GetValue<DateTimeOffset>().ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>A value for people: yes and no, nothing for null.</summary>
    public static string Value(JsonNode? value) => value switch
    {
        null => "",
        JsonValue text when text.TryGetValue<bool>(out var flag) => flag ? "yes" : "no",
        JsonValue => value.ToString(),
        _ => value.ToJsonString(Output.Compact),
    };

    /// <summary>A count with its thousands apart.</summary>
    public static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static bool IsDangerous(char character) =>
        char.IsControl(character) || CharUnicodeInfo.GetUnicodeCategory(character) is UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator || character is >= '\u202A' and <= '\u202E' or >= '\u2066' and <= '\u2069';
}
