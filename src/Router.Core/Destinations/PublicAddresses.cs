using System.Net;
using System.Net.Sockets;

namespace Router.Core.Destinations;

/// <summary>
/// Which addresses belong to hosts on the public internet: those that the IANA special-purpose registries don't set aside. Pure.
/// </summary>
public static class PublicAddresses
{
    private static readonly IPNetwork[] NotPublic4 = Networks(
        "0.0.0.0/8", // "this network": 0.0.0.0 is this machine
        "10.0.0.0/8", // private
        "100.64.0.0/10", // carrier-grade NAT, and metadata of one cloud
        "127.0.0.0/8", // loopback
        "168.63.129.16/32", // a public address by its looks: the metadata host of a cloud's virtual machines
        "169.254.0.0/16", // link-local: metadata of most clouds
        "172.16.0.0/12", // private
        "192.0.0.0/24", // protocol assignments, and metadata of one cloud
        "192.0.2.0/24", // documentation
        "192.88.99.0/24", // 6to4 relays
        "192.168.0.0/16", // private
        "198.18.0.0/15", // benchmarks
        "198.51.100.0/24", // documentation
        "203.0.113.0/24", // documentation
        "224.0.0.0/4", // multicast
        "240.0.0.0/4"); // reserved, broadcast

    // Outside of it there is nothing public: loopback, mapped and translated IPv4 (::ffff:0:0/96, 64:ff9b::/96), unique local,
    // link-local, site-local, multicast, and whatever will be defined there one day.
    private static readonly IPNetwork Global6 = IPNetwork.Parse("2000::/3");

    private static readonly IPNetwork[] NotPublic6 = Networks(
        "2001::/23", // protocol assignments, Teredo (IPv4 inside) among them
        "2001:db8::/32", // documentation
        "2002::/16", // 6to4: IPv4 inside
        "3fff::/20"); // documentation

    /// <summary>
    /// Whether it is one. Never a form that wraps an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo, ISATAP), whatever is inside: no
    /// public host needs it, and a gateway on the way may unwrap it into a private one.
    /// </summary>
    public static bool Contain(IPAddress address) => address.AddressFamily switch
    {
        AddressFamily.InterNetwork => !NotPublic4.Any(network => network.Contains(address)),
        // Mapped ones by themselves: IPNetwork compares them as IPv4 even with an IPv6 network (dotnet/runtime#131861), and 2000::/3
        // would hold ::ffff:10.0.0.1.
        AddressFamily.InterNetworkV6 when address.IsIPv4MappedToIPv6 => false,
        AddressFamily.InterNetworkV6 =>
            address.ScopeId is 0 && Global6.Contains(address) && !NotPublic6.Any(network => network.Contains(address))
            && !IsIsatap(address),
        _ => false,
    };

    // In whatever network: its lower half is 0000:5efe or 0200:5efe, and an IPv4 address.
    private static bool IsIsatap(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        return address.TryWriteBytes(bytes, out _) && (bytes[8] & 0xfd) == 0 && bytes[9] == 0 && bytes[10] == 0x5e && bytes[11] == 0xfe;
    }

    private static IPNetwork[] Networks(params string[] networks) => [.. networks.Select(network => IPNetwork.Parse(network))];
}
