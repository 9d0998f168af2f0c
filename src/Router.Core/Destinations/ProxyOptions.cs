using System.ComponentModel.DataAnnotations;

namespace Router.Core.Destinations;

/// <summary>
/// Section <c>Proxy</c>: a forward proxy that requests to destinations, and alerts to <c>Alerts:WebhookUrl</c>, go through, by HTTP
/// CONNECT. The same in API and workers.
/// </summary>
public sealed class ProxyOptions : IValidatableObject
{
    private const string NoControls = "^[^\\x00-\\x1F\\x7F]*$";

    /// <summary>
    /// The proxy: <c>http://host:port</c>. It is asked for addresses that are checked before, never for names. Default none: all requests
    /// go directly.
    /// </summary>
    public string Url { get; set; } = "";

    /// <summary>Whom to sign in as (Basic). Default none: the proxy takes requests without.</summary>
    [RegularExpression("^[^\\x00-\\x1F\\x7F:]*$", ErrorMessage = "Proxy:Username must hold no colon and no control characters.")]
    public string Username { get; set; } = "";

    /// <summary>That user's password. Default none.</summary>
    [RegularExpression(NoControls, ErrorMessage = "Proxy:Password must hold no control characters.")]
    public string Password { get; set; } = "";

    /// <summary>
    /// The hosts that are reached through it, as URLs name them, separated by commas and written as in <c>Network:Allow</c>
    /// (<c>*.example.com</c>, <c>crm.example.com:8443</c>). Default none: all hosts.
    /// </summary>
    public string Hosts { get; set; } = "";

    /// <summary>The hosts that are reached directly all the same, written likewise. Default none.</summary>
    public string Except { get; set; } = "";

    /// <summary>Whether there is a proxy.</summary>
    public bool IsSet => Url.Length > 0;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        // What is wrong is never repeated: somebody may have put the password into it.
        if (IsSet && !IsPlain(Url))
            yield return new ValidationResult(
                "Proxy:Url must be http://host:port and nothing more; a user and password belong in Proxy:Username and Proxy:Password.",
                [nameof(Url)]);
        if (Password.Length > 0 && Username.Length == 0)
            yield return new ValidationResult("Proxy:Username must be set when Proxy:Password is.", [nameof(Password)]);
        if (!IsSet && (Username.Length > 0 || Hosts.Length > 0 || Except.Length > 0))
            yield return new ValidationResult("Proxy:Url must be set when another setting of Proxy is.", [nameof(Url)]);
        foreach (var entry in new HostPatterns(Hosts).Wrong)
            yield return new ValidationResult($"Proxy:Hosts: '{entry}' is {HostPatterns.Rule}", [nameof(Hosts)]);
        foreach (var entry in new HostPatterns(Except).Wrong)
            yield return new ValidationResult($"Proxy:Except: '{entry}' is {HostPatterns.Rule}", [nameof(Except)]);
    }

    private static bool IsPlain(string text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http"
        && url.UserInfo.Length == 0 && url.PathAndQuery is "/" && url.Fragment.Length == 0 && UrlHost.Of(url) is not null && url.Port > 0;
}
