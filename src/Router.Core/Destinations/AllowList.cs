using System.Net;

namespace Router.Core.Destinations;

/// <summary>The hosts and networks of <see cref="NetworkOptions.Allow"/>.</summary>
internal sealed class AllowList
{
    private readonly List<IPNetwork> _networks = [];
    private readonly HashSet<string> _names = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _suffixes = [];

    public AllowList(string text)
    {
        foreach (var entry in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (Network(entry) is { } network)
                _networks.Add(network);
            else if (entry.StartsWith("*.", StringComparison.Ordinal) && Name(entry[2..]) is { } parent)
                _suffixes.Add($".{parent}");
            else if (Name(entry) is { } name)
                _names.Add(name);
            else
                Wrong.Add(entry);
        }
    }

    /// <summary>Entries that mean nothing.</summary>
    public List<string> Wrong { get; } = [];

    /// <param name="host">A name or an address, as <see cref="UrlHost"/> spells it.</param>
    public bool Holds(string host) =>
        IPAddress.TryParse(host, out var address)
            ? Holds(address)
            : _names.Contains(host) || _suffixes.Any(suffix => host.EndsWith(suffix, StringComparison.OrdinalIgnoreCase));

    /// <summary>Never a mapped one: IPNetwork would look for it in networks of both kinds, and find it in wrong ones.</summary>
    public bool Holds(IPAddress address) => !address.IsIPv4MappedToIPv6 && _networks.Any(network => network.Contains(address));

    /// <summary>Only what is written in full: the framework takes 10/8 for 0.0.0.10/8.</summary>
    private static IPNetwork? Network(string entry)
    {
        var network = entry.Contains('/', StringComparison.Ordinal) ? entry : $"{entry}/{(entry.Contains(':', StringComparison.Ordinal) ? 128 : 32)}";
        return IPNetwork.TryParse(network, out var parsed) && string.Equals(parsed.ToString(), network, StringComparison.OrdinalIgnoreCase) ? parsed : null;
    }

    private static string? Name(string entry) =>
        Uri.CheckHostName(entry) is UriHostNameType.Dns ? UrlHost.Of(new Uri($"https://{entry}/")) : null;
}
