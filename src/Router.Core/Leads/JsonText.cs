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
