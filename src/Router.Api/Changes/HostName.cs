namespace Router.Api.Changes;

/// <summary>A site's domain as receivers get it.</summary>
internal static class HostName
{
    private const int Most = 253;

    /// <summary>
    /// The host in what somebody entered, which may be a URL: lowercase, ASCII, without a port; null when there is none in it.
    /// </summary>
    public static string? Of(string entered)
    {
        var text = entered.Trim();
        if (!text.Contains("://", StringComparison.Ordinal))
            text = $"http://{text.TrimStart('/')}";
        if (text.Contains('\\') || text.Any(char.IsWhiteSpace) || !Uri.TryCreate(text, UriKind.Absolute, out var url)
            || url.Scheme is not ("http" or "https") || url.UserInfo.Length > 0)
            return null;

        var host = url.IdnHost.TrimEnd('.').ToLowerInvariant();
        var isHost = url.HostNameType switch
        {
            UriHostNameType.Dns => host.All(character => char.IsAsciiLetterOrDigit(character) || character is '.' or '-' or '_'),
            // Not a number that .NET takes for an address.
            UriHostNameType.IPv4 => text.Contains(host, StringComparison.Ordinal),
            _ => false,
        };
        return isHost && host.Length is > 0 and <= Most ? host : null;
    }
}
