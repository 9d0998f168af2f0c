using System.Net.Http.Headers;
using System.Text;
using System.Text.Unicode;

namespace Router.Core.Deliveries;

/// <summary>The few headers of an answer that tell people why it was no success. Pure.</summary>
internal static class AnswerHeaders
{
    private const int MostOfOne = 500;

    private static readonly string[] Kept = ["Location", "WWW-Authenticate", "Retry-After", "Content-Type", "Server"];

    /// <summary>One line for each, <c>Name: value</c>, at most 500 characters of each value; null when there is none of them.</summary>
    public static string? Of(HttpResponseMessage response)
    {
        StringBuilder? lines = null;
        foreach (var name in Kept)
        {
            HttpHeaders headers = name is "Content-Type" ? response.Content.Headers : response.Headers;
            if (headers.NonValidated.TryGetValues(name, out var values))
                (lines ??= new StringBuilder()).Append(lines.Length > 0 ? "\n" : "").Append(name).Append(": ")
                    .Append(Readable(values.ToString()));
        }

        return lines?.ToString();
    }

    /// <summary>The client reads bytes as Latin-1; what is sent is UTF-8 more often than that.</summary>
    private static string Readable(string value)
    {
        var bytes = Encoding.Latin1.GetBytes(value);
        var text = Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : value;
        var kept = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (kept.Length >= MostOfOne)
                return kept.Append('…').ToString();
            // Postgres can't store a zero in a text, and no other control character is of use.
            kept.Append(Rune.IsControl(rune) ? new Rune(' ') : rune);
        }

        return kept.ToString();
    }
}
