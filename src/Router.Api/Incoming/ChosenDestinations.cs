using System.Text;

namespace Router.Api.Incoming;

/// <summary>
/// <c>X-ROUTER-DESTINATIONS: name-or-id, …</c>. A name with a comma in it may be quoted; unquoted, its parts are put together again where
/// the site's destinations are known.
/// </summary>
internal static class ChosenDestinations
{
    /// <summary>Names that one lead may come with: twice as many as a site has destinations.</summary>
    public const int Most = 200;

    // Each lead with unknown ones keeps them.
    private const int Longest = 8 * 1024;

    private static readonly IncomingError TooMany = new(
        StatusCodes.Status422UnprocessableEntity,
        $"Header 'X-ROUTER-DESTINATIONS' has more than {Most} names or {Longest} characters: name only destinations of this site, or leave "
        + "the header out for all of them.");

    /// <summary>Null when the sender leaves the choice to the site. Of too many the first.</summary>
    public static string[]? Of(HttpRequest request) => Header(request) is { } header
        && Split(header[..Math.Min(header.Length, Longest)], Most) is { Count: > 0 } names ? [.. names] : null;

    /// <summary>What is wrong with the choice, or null.</summary>
    public static IncomingError? Problem(HttpRequest request) =>
        Header(request) is { } header && (header.Length > Longest || Split(header, Most + 1).Count > Most) ? TooMany : null;

    internal static List<string> Split(string header, int most)
    {
        var names = new List<string>();
        for (var at = 0; at < header.Length && names.Count < most;)
        {
            if (header[at] is ',' or ' ' or '\t')
            {
                at++;
                continue;
            }

            if (TryQuoted(header, at, out var name, out var next))
            {
                at = next;
            }
            else
            {
                var comma = header.IndexOf(',', at);
                next = comma < 0 ? header.Length : comma;
                (name, at) = (header[at..next].Trim(), next);
            }

            if (!string.IsNullOrWhiteSpace(name))
                names.Add(name);
        }

        return names;
    }

    private static string? Header(HttpRequest request) => SenderHeaders.TextOf(request, "X-ROUTER-DESTINATIONS");

    // With \" and \\ in it, as headers quote. What goes on behind the closing quote is a name that just begins with one.
    private static bool TryQuoted(string header, int at, out string name, out int next)
    {
        (name, next) = ("", at);
        if (header[at] != '"')
            return false;

        var text = new StringBuilder();
        for (var i = at + 1; i < header.Length; i++)
        {
            if (header[i] == '\\' && i + 1 < header.Length)
            {
                text.Append(header[++i]);
            }
            else if (header[i] == '"')
            {
                (name, next) = (text.ToString().Trim(), i + 1);
                var rest = header.AsSpan(i + 1).TrimStart();
                return rest.IsEmpty || rest[0] == ',';
            }
            else
            {
                text.Append(header[i]);
            }
        }

        return false;
    }
}
