using System.Globalization;
using Router.Core.Destinations;

namespace Router.Core.Deliveries;

/// <summary>How many requests may be under way to a host: <see cref="IsolationOptions.HostLimits"/>, else the limit of all hosts.</summary>
internal sealed class HostLimits
{
    private readonly List<(HostPatterns Hosts, int Limit)> _own = [];
    private readonly int _usual;

    public HostLimits(string text, int usual)
    {
        _usual = usual;
        foreach (var entry in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var parts = entry.Split('=', StringSplitOptions.TrimEntries);
            if (parts is [{ Length: > 0 }, _] && new HostPatterns(parts[0]) is { Wrong.Count: 0 } hosts
                && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit > 0)
                _own.Add((hosts, limit));
            else
                Wrong.Add(entry);
        }
    }

    /// <summary>Entries that mean nothing.</summary>
    public List<string> Wrong { get; } = [];

    /// <summary>The first entry that holds the host decides.</summary>
    public int Of(string host, int port)
    {
        foreach (var (hosts, limit) in _own)
        {
            if (hosts.Holds(host, port))
                return limit;
        }

        return _usual;
    }
}
