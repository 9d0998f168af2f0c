using System.Net;
using Microsoft.Extensions.Options;

namespace Router.Core.Destinations;

/// <summary>What a URL alone shows to be wrong with it.</summary>
public enum UrlProblem
{
    /// <summary>It has no host that could be looked up.</summary>
    Host,

    /// <summary>Neither https, nor http to a host that is allowed.</summary>
    Scheme,

    /// <summary>None of <see cref="NetworkOptions.Ports"/>.</summary>
    Port,

    /// <summary>It names an address that isn't public, or what <see cref="NetworkOptions.Deny"/> holds.</summary>
    Address,
}

/// <summary>
/// Keeps requests away from what only this machine and its networks can reach. Destinations are entered by people outside; without
/// a guard they could point us at our own servers. A URL is checked when it is saved and at every attempt; an address where it is
/// connected to, for what a name resolves to may change between two looks at it.
/// </summary>
public sealed class NetworkGuard
{
    private readonly HostPatterns _allow;
    private readonly HostPatterns _deny;
    private readonly PortRanges _ports;
    private readonly HashSet<Guid> _sites;

    /// <summary>By the options that are in force.</summary>
    public NetworkGuard(IOptions<NetworkOptions> options)
        : this(options.Value, options.Value.Allow, options.Value.AllowSiteList)
    {
        if (_sites.Count > 0)
            WithoutExceptions = new NetworkGuard(options.Value, allow: "", sites: []);
    }

    private NetworkGuard(NetworkOptions options, string allow, IReadOnlyList<string> sites)
    {
        _allow = new HostPatterns(allow);
        _deny = new HostPatterns(options.Deny);
        _ports = new PortRanges(options.Ports);
        _sites = [.. sites.Select(Guid.Parse)];
        Ports = options.Ports;
    }

    /// <summary>The ports in force, for people.</summary>
    public string Ports { get; }

    /// <summary>
    /// The one for sites that aren't among <see cref="NetworkOptions.AllowSites"/>; null where all sites may have the exceptions.
    /// </summary>
    internal NetworkGuard? WithoutExceptions { get; }

    /// <summary>The one for a destination's URL: whoever enters it may have exceptions, or may not.</summary>
    public NetworkGuard For(Guid site, DestinationKind kind) => kind is DestinationKind.Custom ? ForOwners(site) : this;

    /// <summary>The one for the token endpoint of a destination, which owners enter where the URL is the catalogue's, too.</summary>
    public NetworkGuard ForTokens(Guid site, DestinationKind kind) => kind is DestinationKind.LeadManager ? this : ForOwners(site);

    private NetworkGuard ForOwners(Guid site) => WithoutExceptions is { } strict && !_sites.Contains(site) ? strict : this;

    /// <summary>What the URL alone shows; null when nothing speaks against it so far. Resolves no name.</summary>
    public UrlProblem? Check(Uri url)
    {
        if (url.Scheme is not ("http" or "https"))
            return UrlProblem.Scheme;
        if (UrlHost.Of(url) is not { } host)
            return UrlProblem.Host;
        if (_deny.Holds(host, url.Port))
            return UrlProblem.Address;
        if (_allow.Holds(host, url.Port))
            return null;
        if (IPAddress.TryParse(host, out var address) && !PublicAddresses.Contain(address))
            return UrlProblem.Address;
        if (url.Scheme is not "https")
            return UrlProblem.Scheme;
        return _ports.Hold(url.Port) ? null : UrlProblem.Port;
    }

    /// <summary>The same for a URL about to be saved: somebody is there to be told that localhost won't do.</summary>
    public UrlProblem? CheckBeforeSaving(Uri url) => Check(url) ?? (IsLocalhost(UrlHost.Of(url)!, url.Port) ? UrlProblem.Address : null);

    /// <summary>Whether a request to the host of a URL may connect to that address.</summary>
    /// <param name="host">As the URL spells it: a name, or the address itself.</param>
    /// <param name="address">What it resolved to, just now.</param>
    /// <param name="port">The URL's.</param>
    public bool Permits(string host, IPAddress address, int port) =>
        !_deny.Holds(address, port) && !_deny.Holds(host.TrimEnd('.'), port)
        && (PublicAddresses.Contain(address) || _allow.Holds(address, port) || _allow.Holds(host.TrimEnd('.'), port));

    private bool IsLocalhost(string host, int port) =>
        !_allow.Holds(host, port) && (host is "localhost" || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase));
}
