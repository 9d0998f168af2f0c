using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Router.Hosting;

/// <summary>Section <c>Http</c>: connections and sign-ins that a host takes.</summary>
internal sealed class HttpOptions : IValidatableObject
{
    /// <summary>
    /// How many passwords, invitations and links that end alerts one address may try in a minute (with IPv6: one /56).
    /// Default 30.
    /// </summary>
    [Range(1, 10_000_000)]
    public int SignInsPerMinute { get; set; } = 30;

    /// <summary>
    /// Networks (<c>10.1.0.0/16</c>), separated by commas, whose <c>X-Forwarded-…</c> headers are believed. This
    /// machine always is. Default none.
    /// </summary>
    public string TrustedProxies { get; set; } = "";

    /// <summary>
    /// How many proxies, one behind the other, are believed at most. The client is the address that the last of them
    /// was called from, and never one beyond a proxy that isn't trusted. Default 3.
    /// </summary>
    [Range(1, 20)]
    public int ProxyHops { get; set; } = 3;

    /// <summary>
    /// Connections open at a time; further ones are closed at once. A host also never uses more than three quarters
    /// of its file descriptors (<c>LimitNOFILE</c>) for them. Default 10,000.
    /// </summary>
    [Range(10, 1_000_000)]
    public int MaxConnections { get; set; } = 10_000;

    /// <summary>
    /// How long a connection may stay open without a request. Default 90 s: longer than proxies keep theirs.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(90);

    /// <summary>The networks, parsed.</summary>
    public IEnumerable<IPNetwork> Proxies => Entries.Select(IPNetwork.Parse);

    private string[] Entries => TrustedProxies.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var entry in Entries.Where(entry => !IPNetwork.TryParse(entry, out _)))
            yield return new ValidationResult($"'{entry}' is no network such as 10.1.0.0/16.", [nameof(TrustedProxies)]);
    }
}
