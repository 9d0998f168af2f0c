using System.Text.Json;

namespace Router.Core.Destinations;

/// <summary>A header that a destination wants in each request besides ours: most often the key by which it knows its customers.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">Its value. A secret: it is stored encrypted, and never shown again.</param>
public sealed record RequestHeader(string Name, string Value)
{
    /// <summary>What people see of the value.</summary>
    public const string Hidden = "••••••••";

    /// <summary>Never the value.</summary>
    public override string ToString() => Name;
}

/// <summary>What such headers may be, and how they are stored.</summary>
public static class RequestHeaders
{
    /// <summary>The most of one destination.</summary>
    public const int Most = 10;

    /// <summary>The most characters of a value: many servers refuse heads of more than 8 KiB.</summary>
    public const int LongestValue = 4000;

    private const int LongestName = 100;

    // Ours, and those by which HTTP frames and routes a message: whoever could set them could say something else than what is signed.
    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "accept", "accept-encoding", "connection", "cookie", "date", "expect", "host", "http2-settings", "keep-alive", "max-forwards", "te",
        "trailer", "transfer-encoding", "upgrade", "user-agent", "via",
    };

    private static readonly string[] ReservedBeginnings = ["content-", "proxy-", "sec-", "webhook-", "x-lead-router-", ":"];

    /// <summary>Why a header can't have this name, as a sentence; null when it can.</summary>
    public static string? NameProblem(string? name) =>
        string.IsNullOrEmpty(name) ? "A header needs a name."
        : name.Length > LongestName ? $"A header's name has {LongestName} characters at most."
        : !name.All(IsTokenCharacter) ? $"'{Printable(name)}' is no name of a header: letters, digits and hyphens, for example X-Api-Key."
        : Reserved.Contains(name) || Array.Exists(ReservedBeginnings, start => name.StartsWith(start, StringComparison.OrdinalIgnoreCase))
            ? $"'{name}' is set by the router itself."
        : null;

    /// <summary>Why a header can't have this value, as a sentence that doesn't repeat it; null when it can.</summary>
    public static string? ValueProblem(string? value) =>
        string.IsNullOrWhiteSpace(value) ? "A header needs a value."
        : value.Length > LongestValue ? $"A header's value has {LongestValue} characters at most."
        // Line breaks would end the header; what isn't ASCII is read differently everywhere.
        : value.Any(character => character is < ' ' or > '~')
            ? "A header's value can have letters, digits and signs of ASCII only, on one line."
        : value != value.Trim() ? "A header's value can't begin or end with a blank."
        : null;

    /// <summary>The values as they are encrypted.</summary>
    public static string ToJson(IEnumerable<RequestHeader> headers) => JsonSerializer.Serialize(headers.Select(header => header.Value));

    /// <summary>
    /// As they are stored: names, and values encrypted. Null when the keys don't fit: then requests to this destination can't be made.
    /// </summary>
    public static IReadOnlyList<RequestHeader>? Read(string[] names, string? values, SecretProtection secrets)
    {
        if (names.Length == 0)
            return [];

        return secrets.TryUnprotect(values) is { } plain && JsonSerializer.Deserialize<string[]>(plain) is { } read
            && read.Length == names.Length ? [.. names.Zip(read, (name, value) => new RequestHeader(name, value))] : null;
    }

    /// <summary>Those of an integration and the destination's own, which win; null when either can't be read.</summary>
    public static IReadOnlyList<RequestHeader>? Join(IReadOnlyList<RequestHeader>? shared, IReadOnlyList<RequestHeader>? own) =>
        shared is null || own is null ? null
        : shared.Count == 0 ? own
        : [.. shared.Where(one => !own.Any(other => other.Name.Equals(one.Name, StringComparison.OrdinalIgnoreCase))), .. own];

    // RFC 9110, section 5.6.2.
    private static bool IsTokenCharacter(char character) =>
        char.IsAsciiLetterOrDigit(character) || "!#$%&'*+-.^_`|~".Contains(character, StringComparison.Ordinal);

    private static string Printable(string text) => string.Concat(text.Select(character => char.IsControl(character) ? '?' : character));
}
