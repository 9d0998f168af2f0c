using System.Security.Cryptography;

namespace Router.Core.Destinations;

/// <summary>Secrets in the form of Standard Webhooks: <c>whsec_</c> and base64 of 24 to 64 bytes.</summary>
public static class WebhookSecret
{
    private const string Prefix = "whsec_";

    /// <summary>A new one, of 32 random bytes.</summary>
    public static string Generate() => Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    /// <summary>Its bytes; false when the text is no such secret.</summary>
    public static bool TryDecode(string secret, out byte[] key)
    {
        key = [];
        // The decoder would pass over white space, which somebody's copy may or may not hold.
        if (!secret.StartsWith(Prefix, StringComparison.Ordinal) || secret.Any(char.IsWhiteSpace))
            return false;

        var bytes = new byte[secret.Length];
        if (!Convert.TryFromBase64String(secret[Prefix.Length..], bytes, out var length) || length is < 24 or > 64)
            return false;

        key = bytes[..length];
        return true;
    }
}
