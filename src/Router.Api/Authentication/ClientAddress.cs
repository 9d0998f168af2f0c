using System.Net;
using System.Net.Sockets;

namespace Router.Api.Authentication;

/// <summary>Where a request comes from; behind a trusted proxy what that says.</summary>
internal static class ClientAddress
{
    /// <summary>As people write it; null where there is none.</summary>
    public static string? Of(HttpContext context) => context.Connection.RemoteIpAddress switch
    {
        null => null,
        { IsIPv4MappedToIPv6: true } mapped => mapped.MapToIPv4().ToString(),
        var address => address.ToString(),
    };

    /// <summary>
    /// Of an IPv6 address the /56: many a home has as much, which is 256 networks of 2^64 addresses, and may use them all. Who has less
    /// shares this with some neighbours.
    /// </summary>
    public static string Network(HttpContext context) => context.Connection.RemoteIpAddress switch
    {
        null => "",
        { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false } address =>
            Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 7)),
        { IsIPv4MappedToIPv6: true } mapped => mapped.MapToIPv4().ToString(),
        var address => address.ToString(),
    };
}
