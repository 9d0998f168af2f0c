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
    public static IEnumerable<JsonElement> At(JsonElement element, string[] path) => At(element, path, 0, new Looks());

    /// <summary>The same as texts; what is null, blank or an object isn't there.</summary>
    public static IEnumerable<string> Texts(JsonElement element, string[] path) =>
        At(element, path).Select(Text).Where(text => text.Length > 0);

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

    private static IEnumerable<JsonElement> At(JsonElement element, string[] path, int at, Looks looks)
    {
        if (element.ValueKind is JsonValueKind.Array)
        {
            foreach (var found in element.EnumerateArray().TakeWhile(_ => looks.Count++ < MostItems)
                .SelectMany(item => At(item, path, at, looks)))
                yield return found;
        }
        else if (at == path.Length)
        {
            yield return element;
        }
        else if (element.ValueKind is JsonValueKind.Object && element.TryGetProperty(path[at], out var inner))
        {
            foreach (var found in At(inner, path, at + 1, looks))
                yield return found;
        }
    }

    private sealed class Looks
    {
        public int Count { get; set; }
    }
}
