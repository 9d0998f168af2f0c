using System.Security.Cryptography;

namespace Router.Core.Sites;

/// <summary>A password of a product, and when it was used.</summary>
/// <param name="sha256">32 bytes.</param>
public sealed class ProductPassword(byte[] sha256)
{
    private long _usedAt;
    private int _isNoted;

    /// <summary>The hash.</summary>
    public byte[] Sha256 => sha256;

    /// <summary>When it let its product in last, by this host.</summary>
    public DateTimeOffset UsedAt => new(Interlocked.Read(ref _usedAt), TimeSpan.Zero);

    /// <summary>Compares in constant time.</summary>
    public bool Is(ReadOnlySpan<byte> hash) => CryptographicOperations.FixedTimeEquals(hash, sha256);

    /// <summary>It has let its product in; true when nobody was told of it since <see cref="Told"/>.</summary>
    public bool Use(DateTimeOffset now)
    {
        Interlocked.Exchange(ref _usedAt, now.UtcTicks);
        return Volatile.Read(ref _isNoted) == 0 && Interlocked.Exchange(ref _isNoted, 1) == 0;
    }

    /// <summary>What comes from here on is told anew.</summary>
    public void Told() => Volatile.Write(ref _isNoted, 0);

    /// <summary>Never the hash.</summary>
    public override string ToString() => nameof(ProductPassword);
}
