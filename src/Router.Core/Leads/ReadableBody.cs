using System.Text;

namespace Router.Core.Leads;

/// <summary>The body of a request for people. Pure.</summary>
public static class ReadableBody
{
    /// <summary>JSON indented, of a form one field in each line; and whether it ends before the body does.</summary>
    /// <param name="body">JSON or a form, UTF-8.</param>
    /// <param name="most">The most characters.</param>
    public static (string Text, bool IsCut) Of(byte[] body, int most)
    {
        if (body.Length == 0 || body[0] is (byte)'{' or (byte)'[')
            return ReadableJson.Of(body, most);

        var text = Uri.UnescapeDataString(Encoding.UTF8.GetString(body).Replace("+", "%20", StringComparison.Ordinal)
            .Replace("&", "\n", StringComparison.Ordinal).Replace("=", " = ", StringComparison.Ordinal));
        return text.Length > most ? (text[..most], true) : (text, false);
    }
}
