namespace Router.Api.Incoming;

/// <summary>
/// Spellings of the incoming paths that senders use: doubled slashes, from a base URL that ends in one, and
/// <c>/rest/sites/{site}/v2/…</c>, published once for <c>/v2/rest/sites/{site}/…</c>.
/// </summary>
internal static class IncomingPaths
{
    /// <summary>Before routing.</summary>
    public static void UseIncomingPaths(this WebApplication app) => app.Use((context, next) =>
    {
        context.Request.Path = Canonical(context.Request.Path);
        return next(context);
    });

    internal static PathString Canonical(PathString path)
    {
        // The usual ones cost two looks at the text.
        if (path.Value is not { } text || !text.Contains("//", StringComparison.Ordinal)
            && !text.Contains("/v2/", StringComparison.OrdinalIgnoreCase))
            return path;

        var parts = text.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var canonical = parts is [var rest, var sites, var site, var version, .. var more]
            && Is(rest, "rest") && Is(sites, "sites") && Is(version, "v2")
            ? new PathString($"/v2/rest/sites/{site}/{string.Join('/', more)}")
            : new PathString($"/{string.Join('/', parts)}");
        return IncomingEndpoints.Owns(canonical) ? canonical : path;
    }

    private static bool Is(string part, string expected) => part.Equals(expected, StringComparison.OrdinalIgnoreCase);
}
