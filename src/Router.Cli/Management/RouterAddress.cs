using Router.Cli.Showing;

namespace Router.Cli.Management;

/// <summary>Where the router is.</summary>
internal static class RouterAddress
{
    private const string Variable = "ROUTER_URL";

    /// <exception cref="UsageException">It is no address.</exception>
    public static Uri Of(Invocation run)
    {
        var (text, from) = Given(run) ?? ("http://127.0.0.1:8080", "default");
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.UserInfo.Length > 0)
            throw new UsageException($"{from}: '{text}' is no http or https address of a router, such as https://leads.example.com.");

        if (url.Scheme == "http" && !url.IsLoopback)
            Output.Note($"{url.Host} is spoken to without TLS: whoever is on the way can read the token.");
        return new Uri($"{url.GetLeftPart(UriPartial.Path).TrimEnd('/')}/");
    }

    /// <summary>Whether an address was given at all.</summary>
    public static bool IsGiven(Invocation run) => Given(run) is not null;

    private static (string Text, string From)? Given(Invocation run) =>
        run.Get(Globals.Url) is { } option ? (option, "--url")
        : Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } variable ? (variable, Variable) : null;
}
