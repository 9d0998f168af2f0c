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

    /// <summary>
    /// Whether a value says anything: null, an empty or blank string, an empty list and an empty object don't. A wrong type counts as
    /// given: it gets its own complaint.
    /// </summary>
    public static bool IsGiven(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null => false,
        JsonValueKind.String => !IsBlank(value),
        JsonValueKind.Array => value.GetArrayLength() > 0,
        JsonValueKind.Object => value.EnumerateObject().MoveNext(),
        _ => true,
    };

    /// <summary>The last value of a field, which is the one that counts; undefined when the object has none.</summary>
    public static JsonElement Last(JsonElement element, string field)
    {
        JsonElement last = default;
        foreach (var property in element.EnumerateObject())
        {
            if (IsNamed(property, field))
                last = property.Value;
        }

        return last;
    }

    /// <summary>Whether the property has this name of ASCII characters, however it is escaped.</summary>
    public static bool IsNamed(JsonProperty property, string name)
    {
        var raw = JsonMarshal.GetRawUtf8PropertyName(property);
        return raw.Contains((byte)'\\') ? NameOf(property) == name : Ascii.Equals(raw, name);
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

    /// <summary>A number and a string of the same digits are the same to a field; empty for anything else.</summary>
    public static string Spelling(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => value.GetRawText(),
        JsonValueKind.String => Of(value).Trim(),
        _ => "",
    };

    private static bool IsBlank(JsonElement text)
    {
        var raw = JsonMarshal.GetRawUtf8Value(text)[1..^1];
        // Nearly all begin with a letter or digit; for those nothing is allocated.
        return raw.IsEmpty || (!Ascii.IsValid(raw[0]) || !char.IsAsciiLetterOrDigit((char)raw[0])) && string.IsNullOrWhiteSpace(Of(text));
    }
}
