using System.Security.Cryptography;

namespace Router.Core.Destinations;

/// <summary>
/// Encrypts the secrets of destinations and integrations before they reach the database. The hosts bring the cipher and its keys.
/// </summary>
/// <param name="protect">Plain to encrypted.</param>
/// <param name="unprotect">The reverse; throws <see cref="CryptographicException"/> when the keys don't fit.</param>
public sealed class SecretProtection(Func<string, string> protect, Func<string, string> unprotect)
{
    /// <summary>What is stored.</summary>
    public string Protect(string secret) => protect(secret);

    /// <summary>
    /// The secret, or null when there is none or the keys don't fit: then this destination alone can't be signed for, and its
    /// deliveries say so.
    /// </summary>
    /// <param name="stored">As stored; may be null.</param>
    public string? TryUnprotect(string? stored)
    {
        if (stored is null)
            return null;

        try
        {
            return unprotect(stored);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
