using System.Text;

namespace Router.Core.Destinations;

/// <summary>
/// The URL of a destination as it was entered, byte for byte: a receiver that checks its path, or a gateway that signs it, may tell
/// <c>%41</c> from <c>A</c>. Only what no request can hold is encoded: spaces, control characters and what isn't ASCII. Pure.
/// </summary>
public static class DestinationUrl
{
    private static readonly UriCreationOptions AsEntered = new() { DangerousDisablePathAndQueryCanonicalization = true };

    /// <summary>Null when the text is no absolute URL, or holds a backslash: some read it as a slash.</summary>
    public static Uri? Parse(string text)
    {
        // Scheme, host and port as the framework reads them; it would also decode %41, and resolve /../.
        if (!Uri.TryCreate(text, UriKind.Absolute, out var usual) || usual.Scheme is not ("http" or "https"))
            return usual;

        var entered = text.Trim();
        if (entered.Contains('\\', StringComparison.Ordinal) || entered.IndexOf("://", StringComparison.Ordinal) is not (> 0 and var colon))
            return null;
        var authority = colon + "://".Length;
        var path = entered.IndexOfAny(['/', '?', '#'], authority);
        var end = entered.IndexOf('#', authority);
        var target = path < 0 ? "" : Encode(entered[path..(end < 0 ? entered.Length : end)]);
        var url = $"{entered[..(path < 0 ? entered.Length : path)]}{(target.StartsWith('/') ? "" : "/")}{target}";
        // What is checked is what is sent: should the two ways of reading ever differ about where to, neither is followed.
        return Uri.TryCreate(url, AsEntered, out var exact) && exact.Scheme == usual.Scheme && exact.Port == usual.Port
            && string.Equals(UrlHost.Of(exact), UrlHost.Of(usual), StringComparison.Ordinal) ? exact : null;
    }

    private static string Encode(string target)
    {
        if (!target.AsSpan().ContainsAnyExceptInRange('!', '~'))
            return target;

        var encoded = new StringBuilder();
        foreach (var rune in target.EnumerateRunes())
        {
            if (rune.Value is >= '!' and <= '~')
                encoded.Append((char)rune.Value);
            else
                encoded.Append(Uri.EscapeDataString(rune.ToString()));
        }

        return encoded.ToString();
    }
}
