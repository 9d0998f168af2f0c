using System.Text;
using System.Text.Unicode;

namespace Router.Api.Incoming;

/// <summary>
/// The text of headers that senders fill. The server reads header bytes as Latin-1, which takes them all, so that no header which nobody
/// needs refuses a lead; what is UTF-8 is read as such here.
/// </summary>
internal static class SenderHeaders
{
    /// <summary>Null when the header is absent, empty or blank.</summary>
    public static string? TextOf(HttpRequest request, string name)
    {
        var text = request.Headers[name].ToString();
        if (string.IsNullOrWhiteSpace(text))
            return null;
        if (Ascii.IsValid(text))
            return text;

        var bytes = Encoding.Latin1.GetBytes(text);
        return Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : text;
    }
}
