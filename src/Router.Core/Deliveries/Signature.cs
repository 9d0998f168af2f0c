using System.Security.Cryptography;

namespace Router.Core.Deliveries;

/// <summary><c>X-Lead-Router-Signature</c>.</summary>
public static class Signature
{
    /// <summary>Lowercase hex HMAC-SHA256 of the exact bytes of the body.</summary>
    /// <param name="secret">The destination's secret as UTF-8.</param>
    /// <param name="body">The bytes that are sent.</param>
    public static string Of(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> body)
    {
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(secret, body, mac);
        return Convert.ToHexStringLower(mac);
    }
}
