using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Router.Hosting;

/// <summary>Section <c>Http</c>: who may come in, and how often.</summary>
internal sealed class HttpOptions : IValidatableObject
{
    /// <summary>Passwords and invitations that may be tried from one address (of IPv6: one network) in a minute. Default 30.</summary>
    [Range(1, 10_000_000)]
    public int SignInsPerMinute { get; set; } = 30;

    /// <summary>Networks (CIDR), separated by commas, whose <c>X-Forwarded-…</c> headers count, besides this machine. Default none.</summary>
    public string TrustedProxies { get; set; } = "";

    /// <summary>
    /// Connections that are open at a time; those beyond it are closed at once. Default 10,000, and never more than three quarters of the file
    /// descriptors that the host may have (<c>LimitNOFILE</c>): without any left it could do nothing.
    /// </summary>
    [Range(10, 1_000_000)]
    public int MaxConnections { get; set; } = 10_000;

    /// <summary>How long a connection may stay open without a request. Default 90 s: longer than proxies keep theirs.</summary>
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
