using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Router.Core.Leads;

/// <summary>Finds fields by a path of names: <c>activities.property.city</c>. Pure.</summary>
public static partial class JsonFields
{
    /// <summary>Items of lists that are looked at for one path. A lead of a megabyte may have a third of a million.</summary>
    private const int MostItems = 10_000;

    /// <summary>Whether it is a path: up to five names of letters, digits, hyphens and underscores, with dots between them.</summary>
    public static bool IsPath(string path) => Path().IsMatch(path);

    /// <summary>What stands at the path; of a list each item, up to <c>10,000</c> of them.</summary>
    /// <param name="element">Where the path begins.</param>
    /// <param name="path">The names.</param>
    /// <param name="looks">How much was looked at for it: items of lists, and fields of objects.</param>
    public static IReadOnlyList<JsonElement> At(JsonElement element, string[] path, out int looks) =>
        At(element, path, MostItems, out looks);

    private static List<JsonElement> At(JsonElement element, string[] path, int most, out int looks)
    {
        var found = new List<JsonElement>(1);
        (var left, looks) = (most, 0);
        Collect(element, path, 0, found, ref left, ref looks);
        return found;
    }

    /// <summary>The same as texts; what is null, blank or an object isn't there. Each becomes a text only when it is asked for.</summary>
    /// <param name="element">Where the path begins.</param>
    /// <param name="path">The names.</param>
    /// <param name="most">Of how many items at most.</param>
    public static IEnumerable<string> Texts(JsonElement element, string[] path, int most) =>
        At(element, path, most, out _).Select(Text).Where(text => text.Length > 0);

    /// <summary>How many bytes of JSON a value is: what making a text of it costs.</summary>
    public static int Length(JsonElement element) => JsonMarshal.GetRawUtf8Value(element).Length;

    /// <summary>A value as text without blanks around it; empty for null, objects and lists.</summary>
    public static string Text(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => JsonText.Of(element).Trim(),
        JsonValueKind.Number => element.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => "",
    };

    [GeneratedRegex(@"^[A-Za-z0-9_-]{1,80}(?:\.[A-Za-z0-9_-]{1,80}){0,4}$", RegexOptions.NonBacktracking)]
    private static partial Regex Path();

    private static void Collect(
        JsonElement element, string[] path, int at, List<JsonElement> found, ref int left, ref int looks)
    {
        if (element.ValueKind is JsonValueKind.Array)
        {
            foreach (var item in element.EnumerateArray())
            {
                if (left-- <= 0)
                    return;

                looks++;
                Collect(item, path, at, found, ref left, ref looks);
            }
        }
        else if (at == path.Length)
        {
            found.Add(element);
        }
        else if (element.ValueKind is JsonValueKind.Object)
        {
            looks += element.GetPropertyCount();
            if (element.TryGetProperty(path[at], out var inner))
                Collect(inner, path, at + 1, found, ref left, ref looks);
        }
    }
}
