using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Router.Core.Sites;

/// <summary>
/// What programs identify themselves with: passwords of products, API tokens, invitations. 256 random bits, made by us, so a single
/// SHA-256 can't be searched, and verifying one costs about a microsecond on every request. Not for passwords that people choose.
/// </summary>
public static class Credential
{
    /// <summary>A new one: 43 characters of the URL-safe base64 alphabet.</summary>
    public static string Generate() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>What is stored.</summary>
    public static byte[] Hash(string credential) => SHA256.HashData(Encoding.UTF8.GetBytes(credential));

    /// <summary>The same of its UTF-8, into 32 bytes.</summary>
    public static void Hash(ReadOnlySpan<byte> credential, Span<byte> sha256) => SHA256.HashData(credential, sha256);

    /// <summary>Compares in constant time.</summary>
    public static bool Matches(ReadOnlySpan<byte> credential, ReadOnlySpan<byte> sha256)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(credential, hash);
        return CryptographicOperations.FixedTimeEquals(hash, sha256);
    }
}
