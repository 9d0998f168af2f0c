using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Router.Core.Leads;

/// <summary>Tells whether a text gives a lead's contents away. Pure.</summary>
public static partial class LeadContents
{
    // Shorter values stand in too many texts by chance; of three characters many do too, and are hidden rather than told.
    private const int Least = 3;

    // What a lead has in common with many others, and what operators see anyway.
    private static readonly HashSet<string> Public = new(StringComparer.Ordinal)
    {
        "id", "action", "type", "source", "source_details", "source_system", "role", "status", "urgency", "timeframe", "created", "property_type", "listing_status", "state",
    };

    /// <summary>Whether any value of the lead stands in the text.</summary>
    /// <param name="lead">The body of an event.</param>
    /// <param name="text">For example a receiver's answer, UTF-8.</param>
    public static bool AppearIn(RawJson lead, byte[] text)
    {
        if (text.Length < Least)
            return false;

        using var document = lead.ToDocument();
        return AppearIn(document.RootElement, Plain(Encoding.UTF8.GetString(text)));
    }

    private static bool AppearIn(JsonElement value, string text) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().Any(property => !Public.Contains(JsonText.NameOf(property)) && AppearIn(property.Value, text)),
        JsonValueKind.Array => value.EnumerateArray().Any(item => AppearIn(item, text)),
        JsonValueKind.String => Plain(JsonText.Of(value)) is { Length: >= Least } words && text.Contains(words, StringComparison.Ordinal),
        JsonValueKind.Number => Plain(value.GetRawText()) is { Length: >= Least } number && text.Contains(number, StringComparison.Ordinal),
        _ => false,
    };

    /// <summary>Letters and digits alone, however they were written: an address in a URL, a phone without its hyphens, a name in HTML or JSON.</summary>
    private static string Plain(string text) => string.Concat(
        Escapes().Replace(WebUtility.HtmlDecode(WebUtility.UrlDecode(text)), match => ((char)int.Parse(match.ValueSpan[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToString())
            .Where(char.IsLetterOrDigit).Select(char.ToLowerInvariant));

    [GeneratedRegex(@"\\u[0-9a-fA-F]{4}", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Escapes();
}
