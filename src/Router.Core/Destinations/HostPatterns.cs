using System.Net;

namespace Router.Core.Destinations;

/// <summary>Hosts and networks, each with its ports, as <see cref="NetworkOptions.Allow"/> writes them.</summary>
internal sealed class HostPatterns
{
    private readonly List<(IPNetwork Network, PortRanges Ports)> _networks = [];
    private readonly List<(string Name, PortRanges Ports)> _names = [];
    private readonly List<(string Suffix, PortRanges Ports)> _suffixes = [];

    public HostPatterns(string text)
    {
        foreach (var entry in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var (host, ports) = Split(entry);
            if (ports is null)
                Wrong.Add(entry);
            else if (Network(host) is { } network)
                _networks.Add((network, ports));
            else if (host.StartsWith("*.", StringComparison.Ordinal) && Name(host[2..]) is { } parent)
                _suffixes.Add(($".{parent}", ports));
            else if (Name(host) is { } name)
                _names.Add((name, ports));
            else
                Wrong.Add(entry);
        }
    }

    /// <summary>What an entry must be, for people.</summary>
    public const string Rule = "no host name, no address and no network that is written in full, such as 10.1.0.0/16, "
        + "each with or without a port, such as crm.office.test:8080.";

    /// <summary>Entries that mean nothing.</summary>
    public List<string> Wrong { get; } = [];

    /// <param name="host">A name or an address, as <see cref="UrlHost"/> spells it.</param>
    /// <param name="port">Where it is asked for.</param>
    public bool Holds(string host, int port) =>
        IPAddress.TryParse(host, out var address)
            ? Holds(address, port)
            : _names.Exists(entry => string.Equals(entry.Name, host, StringComparison.OrdinalIgnoreCase) && entry.Ports.Hold(port))
                || _suffixes.Exists(entry => host.EndsWith(entry.Suffix, StringComparison.OrdinalIgnoreCase) && entry.Ports.Hold(port));

    /// <summary>Never a mapped one: IPNetwork would look for it in networks of both kinds, and find it in wrong ones.</summary>
    public bool Holds(IPAddress address, int port) =>
        !address.IsIPv4MappedToIPv6 && _networks.Exists(entry => entry.Network.Contains(address) && entry.Ports.Hold(port));

    /// <summary>
    /// What stands before the port, and the port or range of ports: all of them where there is none, null where it is wrong.
    /// </summary>
    private static (string Host, PortRanges? Ports) Split(string entry)
    {
        // An IPv6 address is full of colons: with a port it stands in brackets, as in a URL.
        if (entry.StartsWith('['))
        {
            return entry.IndexOf(']', StringComparison.Ordinal) is > 0 and var end && entry[1..end].Contains(':', StringComparison.Ordinal)
                ? (entry[1..end], Ports(entry[(end + 1)..]))
                : (entry, null);
        }

        return entry.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon && colon == entry.LastIndexOf(':')
            ? (entry[..colon], Ports(entry[colon..]))
            : (entry, PortRanges.All);
    }

    private static PortRanges? Ports(string text)
    {
        if (text.Length is 0)
            return PortRanges.All;
        var ports = new PortRanges(text[1..]);
        return text[0] is ':' && text.Length > 1 && ports.Wrong.Count is 0 ? ports : null;
    }

    /// <summary>An address or a network; only what is written in full: the framework takes 10/8 for 0.0.0.10/8.</summary>
    public static IPNetwork? Network(string entry)
    {
        var network = entry.Contains('/', StringComparison.Ordinal) ? entry
            : $"{entry}/{(entry.Contains(':', StringComparison.Ordinal) ? 128 : 32)}";
        return IPNetwork.TryParse(network, out var parsed) && string.Equals(parsed.ToString(), network, StringComparison.OrdinalIgnoreCase)
            ? parsed : null;
    }

    private static string? Name(string entry) =>
        Uri.CheckHostName(entry) is UriHostNameType.Dns ? UrlHost.Of(new Uri($"https://{entry}/")) : null;
}
