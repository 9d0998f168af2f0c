using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Router.Core.Leads;

/// <summary>
/// Reads names and strings of untrusted JSON without exceptions: a lone surrogate (<c>"\ud800"</c>) is legal JSON,
/// but has no .NET string; it reads as the replacement character and still travels untouched in the raw bytes.
/// </summary>
internal static class JsonText
{
    public static string Of(JsonElement text)
    {
        var raw = JsonMarshal.GetRawUtf8Value(text);
        if (!raw.Contains((byte)'\\'))
            return Encoding.UTF8.GetString(raw[1..^1]);

        try
        {
            return text.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return "\uFFFD";
        }
    }

    /// <summary>A text field of an object, or null when it has none or an empty one. The last one counts.</summary>
    public static string? FieldOf(JsonElement element, string field)
    {
        string? text = null;
        foreach (var property in element.EnumerateObject())
        {
            if (NameOf(property) == field)
                text = property.Value.ValueKind is JsonValueKind.String && Of(property.Value) is { Length: > 0 } given ? given : null;
        }

        return text;
    }

    public static string NameOf(JsonProperty property)
    {
        var raw = JsonMarshal.GetRawUtf8PropertyName(property);
        if (!raw.Contains((byte)'\\'))
            return Encoding.UTF8.GetString(raw);

        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            return "\uFFFD";
        }
    }
}
