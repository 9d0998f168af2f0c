using System.Text;

namespace Router.Core.Leads;

/// <summary>
/// Indents JSON for people. White space between its tokens is all that changes: text, numbers and escapes stay as they were sent, also
/// those that a parser would refuse or spell differently, like half a surrogate pair. Pure.
/// </summary>
public static class ReadableJson
{
    /// <summary>The text, and whether it ends before the JSON does.</summary>
    /// <param name="json">Valid JSON, UTF-8.</param>
    /// <param name="most">The most characters: deep nesting makes much of little.</param>
    public static (string Text, bool IsCut) Of(ReadOnlySpan<byte> json, int most)
    {
        var text = new StringBuilder(Math.Min(most, json.Length * 2));
        var depth = 0;
        for (var i = 0; i < json.Length; i++)
        {
            if (text.Length > most)
                return (text.ToString(0, most), true);

            switch (json[i])
            {
                case (byte)'"':
                    var end = EndOfString(json, i);
                    text.Append(Encoding.UTF8.GetString(json[i..Math.Min(end, i + (4 * most))]));
                    i = end - 1;
                    break;
                case (byte)'{' or (byte)'[':
                    text.Append((char)json[i]);
                    var next = AfterBlanks(json, i + 1);
                    if (next < json.Length && json[next] is (byte)'}' or (byte)']')
                    {
                        text.Append((char)json[next]);
                        i = next;
                    }
                    else
                    {
                        NewLine(text, ++depth);
                    }

                    break;
                case (byte)'}' or (byte)']':
                    NewLine(text, --depth);
                    text.Append((char)json[i]);
                    break;
                case (byte)',':
                    NewLine(text.Append(','), depth);
                    break;
                case (byte)':':
                    text.Append(": ");
                    break;
                case (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n':
                    break;
                default:
                    text.Append((char)json[i]);
                    break;
            }
        }

        return text.Length > most ? (text.ToString(0, most), true) : (text.ToString(), false);
    }

    private static int EndOfString(ReadOnlySpan<byte> json, int start)
    {
        for (var i = start + 1; i < json.Length; i++)
        {
            if (json[i] == '\\')
                i++;
            else if (json[i] == '"')
                return i + 1;
        }

        return json.Length;
    }

    private static int AfterBlanks(ReadOnlySpan<byte> json, int start)
    {
        while (start < json.Length && json[start] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            start++;
        return start;
    }

    private static void NewLine(StringBuilder text, int depth) => text.Append('\n').Append(' ', Math.Max(0, depth) * 2);
}
