using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Router.Core.Leads;

/// <summary>
/// A request with an <c>Idempotency-Key</c>, as hashes. Its event's id follows from them and the day (UTC), without a look-up: a repetition
/// gets the same id on any host, and another body another one, so that nothing is taken for a repetition that isn't. Around midnight a
/// repetition within 24 hours falls on the next day; it carries the id of the day before along, and the ledger recognizes it by that.
/// </summary>
/// <param name="Identity">Product, site, method, path and key.</param>
/// <param name="Body">The body.</param>
public readonly record struct IdempotentRequest(Guid Identity, Guid Body)
{
    /// <summary>The longest key, in characters.</summary>
    public const int MaxKeyLength = 255;

    /// <summary>How long a key is remembered.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    /// <summary>Whether it is 1 to 255 printable characters.</summary>
    public static bool IsValid(string key) => key.Length is > 0 and <= MaxKeyLength && !key.Any(char.IsControl);

    /// <summary>Of a valid key.</summary>
    /// <param name="product">The product's username.</param>
    /// <param name="site">The site.</param>
    /// <param name="operation">Stands for the method and the path without its ids.</param>
    /// <param name="target">The lead or user of the path, in one spelling; empty when it has none.</param>
    /// <param name="key">The key.</param>
    /// <param name="body">The body's bytes.</param>
    public static IdempotentRequest Of(string product, Guid site, string operation, string target, string key, ReadOnlySpan<byte> body) =>
        // None of them holds a line break: no two requests read the same.
        new(Hash(Encoding.UTF8.GetBytes($"{product}\n{site:N}\n{operation}\n{target}\n{key}")), Hash(body));

    /// <summary>The id of the event that was accepted then, and the one that it would have had the day before.</summary>
    public (Guid Id, Guid DayBefore) EventIds(DateTimeOffset acceptedAt)
    {
        var day = new DateTimeOffset(acceptedAt.UtcDateTime.Date, TimeSpan.Zero);
        Span<byte> both = stackalloc byte[32];
        Identity.TryWriteBytes(both);
        Body.TryWriteBytes(both[16..]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(both, hash);
        return (Id(day, hash), Id(day.AddDays(-1), hash));
    }

    private static Guid Hash(ReadOnlySpan<byte> data)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(data, hash);
        return new Guid(hash[..16]);
    }

    /// <summary>A UUID of version 8: the day's first millisecond where version 7 has its time, so that ids sort by age.</summary>
    private static Guid Id(DateTimeOffset day, ReadOnlySpan<byte> hash)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(bytes, day.ToUnixTimeMilliseconds() << 16);
        hash[..10].CopyTo(bytes[6..]);
        bytes[6] = (byte)(bytes[6] & 0x0F | 0x80);
        bytes[8] = (byte)(bytes[8] & 0x3F | 0x80);
        return new Guid(bytes, bigEndian: true);
    }
}
