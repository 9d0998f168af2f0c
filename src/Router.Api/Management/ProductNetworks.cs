using System.Net;
using Router.Api.Changes;

namespace Router.Api.Management;

/// <summary>The networks that a product may send from, as people write them.</summary>
internal static class ProductNetworks
{
    private const int Most = 100;

    /// <summary>As they are stored, each once; null where none are given.</summary>
    public static string[]? Check(FieldProblems problems, string[]? networks)
    {
        if (networks is null)
            return null;
        if (networks.Length > Most)
            problems.Add("networks", $"'networks' has more than {Most} entries.");

        var parsed = new List<string>();
        foreach (var text in networks.Take(Most).Select(text => text?.Trim() ?? ""))
        {
            if (IPAddress.TryParse(text, out var given) && (given.IsIPv4MappedToIPv6 ? given.MapToIPv4() : given) is var address)
                parsed.Add($"{address}/{address.GetAddressBytes().Length * 8}");
            else if (IPNetwork.TryParse(text, out var network))
                parsed.Add($"{network}");
            else
                problems.Add("networks", "'networks' must be addresses or networks such as 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32.");
        }

        return [.. parsed.Distinct(StringComparer.Ordinal)];
    }

    /// <summary>From one field of a form.</summary>
    public static string[] Split(string? text) =>
        (text ?? "").Split([',', ' ', '\n', '\r', '\t'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
