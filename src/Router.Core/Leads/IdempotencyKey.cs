using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Router.Core.Leads;

/// <summary>
/// Message ids derived from an <c>Idempotency-Key</c>, without a look-up: the same product, site and key on the same day (UTC)
/// give the same id. Around midnight a repetition within 24 hours falls on the next day; it carries the id of the day
/// before along, and the ledger recognizes it by that.
/// </summary>
public static class IdempotencyKey
{
    /// <summary>The longest key, in characters.</summary>
    public const int MaxLength = 255;

    /// <summary>Whether it is 1 to 255 printable characters.</summary>
    public static bool IsValid(string key) => key.Length is > 0 and <= MaxLength && !key.Any(char.IsControl);

    /// <summary>The message id of an event accepted today, and the one that the key had yesterday.</summary>
    public static (Guid Today, Guid Yesterday) EventIds(string product, Guid site, string key, DateTimeOffset now)
    {
        var today = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero);
        // Neither a username nor a UUID holds a line break: no two triples read the same.
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{product}\n{site:N}\n{key}"));
        return (Id(today, hash), Id(today.AddDays(-1), hash));
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
