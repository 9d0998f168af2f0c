using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Router.Core.Leads;

/// <summary>UUIDs as the contract spells them: 32 hex digits with or without hyphens, in any case, blanks around them ignored.</summary>
public static class Uuids
{
    // The framework's parser takes a plus sign and "0x" for digits.
    private static readonly SearchValues<char> Characters = SearchValues.Create("0123456789abcdefABCDEF-");

    /// <summary>Reads a UUID in either spelling. The zero UUID is one, too.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Guid id)
    {
        id = default;
        text = text.Trim();
        return !text.ContainsAnyExcept(Characters) && Guid.TryParseExact(text, text.Length == 32 ? "N" : "D", out id);
    }

    /// <summary>A UUID of version 8 that stands for a text: half of its SHA-256.</summary>
    public static Guid Of(string text)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(text), hash);
        var bytes = hash[..16];
        bytes[6] = (byte)(bytes[6] & 0x0F | 0x80);
        bytes[8] = (byte)(bytes[8] & 0x3F | 0x80);
        return new Guid(bytes, bigEndian: true);
    }
}
