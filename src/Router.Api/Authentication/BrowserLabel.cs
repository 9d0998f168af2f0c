namespace Router.Api.Authentication;

/// <summary>
/// A browser in two or three words, so that people recognize theirs in a list. The whole header isn't kept: nobody reads it, and anything
/// may stand in it.
/// </summary>
internal static class BrowserLabel
{
    // The first that fits: most name those they descend from, too.
    private static readonly (string Sign, string Name)[] Browsers =
    [
        ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"), ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"),
        ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
    ];

    private static readonly (string Sign, string Name)[] Systems =
    [
        ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Macintosh", "macOS"),
        ("CrOS", "ChromeOS"), ("Linux", "Linux"),
    ];

    /// <summary>Such as <c>Firefox on Windows</c>.</summary>
    public static string Of(string userAgent)
    {
        var system = Find(Systems, userAgent);
        var browser = Find(Browsers, userAgent) ?? (system is null ? "another program" : "a browser");
        return system is null ? browser : $"{browser} on {system}";
    }

    private static string? Find((string Sign, string Name)[] known, string text) =>
        Array.Find(known, one => text.Contains(one.Sign, StringComparison.Ordinal)).Name;
}
