using System.Globalization;

namespace Router.Core.Destinations;

/// <summary>The ports of <see cref="NetworkOptions.Ports"/>.</summary>
internal sealed class PortRanges
{
    private readonly List<(ushort First, ushort Last)> _ranges = [];

    public PortRanges(string text)
    {
        foreach (var entry in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var ends = entry.Split('-');
            if (ends.Length <= 2 && TryParse(ends[0], out var first) && TryParse(ends[^1], out var last) && first <= last)
                _ranges.Add((first, last));
            else
                Wrong.Add(entry);
        }
    }

    /// <summary>Every port.</summary>
    public static PortRanges All { get; } = new("1-65535");

    /// <summary>Entries that mean nothing.</summary>
    public List<string> Wrong { get; } = [];

    public bool Hold(int port) => _ranges.Any(range => port >= range.First && port <= range.Last);

    private static bool TryParse(string text, out ushort port) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port > 0;
}
