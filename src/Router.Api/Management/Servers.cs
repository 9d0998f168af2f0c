namespace Router.Api.Management;

/// <summary>Whether two URLs are the same server: whoever may change one must not learn by it what was entered for another.</summary>
internal static class Servers
{
    public static bool AreSame(string one, string other) =>
        Uri.TryCreate(one, UriKind.Absolute, out var a) && Uri.TryCreate(other, UriKind.Absolute, out var b)
        && Uri.Compare(a, b, UriComponents.SchemeAndServer, UriFormat.SafeUnescaped, StringComparison.OrdinalIgnoreCase) == 0;
}
