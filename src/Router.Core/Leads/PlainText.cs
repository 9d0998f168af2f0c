using System.Text;

namespace Router.Core.Leads;

/// <summary>Text from anywhere, as one line that Postgres can hold: no NUL, no half of a surrogate pair.</summary>
internal static class PlainText
{
    /// <summary>The line.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="most">The most UTF-16 characters.</param>
    public static string Of(string text, int most)
    {
        var line = text.Replace('\0', ' ').ReplaceLineEndings(" ").Trim();
        return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(line.Length <= most ? line : line[..most]));
    }
}
