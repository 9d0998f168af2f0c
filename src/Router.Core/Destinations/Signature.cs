using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Router.Core.Destinations;

/// <summary>The two signatures of the contract. Pure.</summary>
public static class Signature
{
    /// <summary><c>X-Lead-Router-Signature</c>: lowercase hex HMAC-SHA256 of the exact bytes of the body.</summary>
    /// <param name="secret">The destination's secret as UTF-8.</param>
    /// <param name="body">The bytes that are sent.</param>
    public static string Of(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> body)
    {
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(secret, body, mac);
        return Convert.ToHexStringLower(mac);
    }

    /// <summary>
    /// One value of <c>webhook-signature</c> (Standard Webhooks): <c>v1,</c> and base64 HMAC-SHA256 of <c>id.timestamp.body</c>.
    /// </summary>
    /// <param name="key">The bytes of a <c>whsec_</c> secret.</param>
    /// <param name="messageId">The event.</param>
    /// <param name="unixSeconds">The time of this attempt.</param>
    /// <param name="body">The bytes that are sent.</param>
    public static string StandardWebhooks(ReadOnlySpan<byte> key, Guid messageId, long unixSeconds, ReadOnlySpan<byte> body)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        hmac.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{messageId:D}.{unixSeconds}.")));
        hmac.AppendData(body);
        return $"v1,{Convert.ToBase64String(hmac.GetHashAndReset())}";
    }
}
