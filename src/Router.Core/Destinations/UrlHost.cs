namespace Router.Core.Destinations;

/// <summary>
/// The host of a URL in one spelling: what the client will look up, in lower case, IDN as ASCII, no dot at the end, an address of
/// whatever notation (decimal, octal, hexadecimal, bracketed) as the address.
/// </summary>
internal static class UrlHost
{
    /// <summary>Null when it can't be looked up at all.</summary>
    public static string? Of(Uri url)
    {
        try
        {
            return url.IdnHost.TrimEnd('.') is { Length: > 0 } host ? host : null;
        }
        catch (UriFormatException)
        {
            // Some hosts have no ASCII form (labels too long, scripts mixed against the rules); that shows only here.
            return null;
        }
    }
}
