using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Router.Core.Deliveries;

namespace Router.Core.Tests;

public sealed class ReadableAnswerTests
{
    private const string Text = "Ошибка: поле не найдено";

    [Theory]
    [InlineData("windows-1251")]
    [InlineData("koi8-r")]
    [InlineData("iso-8859-5")]
    [InlineData("utf-16")]
    [InlineData("utf-16be")]
    [InlineData("utf-32")]
    [InlineData("\"windows-1251\"")]
    public void Charset_ThatIsNamed_IsReadByIt(string charset)
    {
        var encoding = CodePagesEncodingProvider.Instance.GetEncoding(charset.Trim('"')) ?? Encoding.GetEncoding(charset);
        Assert.Equal(Text, Read(encoding.GetBytes(Text), charset));
    }

    [Fact]
    public void Charset_ThatIsNotNamed_IsFoundOut()
    {
        var russian = CodePagesEncodingProvider.Instance.GetEncoding("windows-1251")!;
        Assert.Equal(Text, Read(Encoding.UTF8.GetBytes(Text)));
        Assert.Equal(Text, Read([0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(Text)]));
        Assert.Equal(Text, Read([0xFF, 0xFE, .. Encoding.Unicode.GetBytes(Text)]));
        Assert.Equal(Text, Read([0xFE, 0xFF, .. Encoding.BigEndianUnicode.GetBytes(Text)], charset: "windows-1251"));
        Assert.Equal("plain text", Read(Encoding.Unicode.GetBytes("plain text")));
        Assert.Equal($"<meta charset=\"windows-1251\">{Text}", Read(russian.GetBytes($"<meta charset=\"windows-1251\">{Text}")));
        Assert.Equal("Café", Read(Encoding.Latin1.GetBytes("Café")));
        // Some name another one than they use.
        Assert.Equal(Text, Read(Encoding.UTF8.GetBytes(Text), charset: "iso-8859-1"));
        Assert.Equal("Café", Read(Encoding.Latin1.GetBytes("Café"), charset: "no-such-charset"));
        Assert.Equal("Café", Read(Encoding.Latin1.GetBytes("Café"), charset: "utf-8"));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("X-GZIP")]
    [InlineData("br")]
    [InlineData("deflate")]
    public void Answer_Packed_IsUnpackedAndCutOff(string coding)
    {
        Assert.Equal(Text, Encoding.UTF8.GetString(ReadableAnswer.Of(Pack(coding, Encoding.UTF8.GetBytes(Text)), [coding], null, 16384)));
        // A megabyte in a kilobyte costs no more than what is kept of it.
        var packed = Pack(coding, new byte[1 << 20]);
        Assert.Equal(new byte[16384], ReadableAnswer.Of(packed, [coding], null, 16384));
        // Cut off at 16 KiB while it was packed.
        var random = Encoding.ASCII.GetBytes(Convert.ToBase64String(RandomNumberGenerator.GetBytes(30_000)));
        var part = ReadableAnswer.Of(Pack(coding, random)[..16384], [coding], null, 16384);
        Assert.NotEmpty(part);
        Assert.Equal(random[..part.Length], part);
        // Not packed as it says.
        Assert.Equal("plain", Encoding.UTF8.GetString(ReadableAnswer.Of("plain"u8.ToArray(), [coding], null, 16384)));
    }

    /// <summary>Each coding costs the processor's time, and a header may name thousands of them.</summary>
    [Fact]
    public void Answer_PackedMoreThanTwice_IsLeftAsItCame()
    {
        var once = Pack("gzip", Encoding.UTF8.GetBytes(Text));
        var twice = Pack("deflate", once);
        Assert.Equal(Text, Encoding.UTF8.GetString(ReadableAnswer.Of(twice, ["gzip", "deflate"], null, 16384)));
        Assert.Equal([1, 2, 3], ReadableAnswer.Of([1, 2, 3], Enumerable.Repeat("gzip", 3), null, 16384));
        var thrice = Pack("gzip", twice);
        Assert.NotEqual(Text, Encoding.UTF8.GetString(ReadableAnswer.Of(thrice, ["gzip", "deflate", "gzip"], null, 16384)));
    }

    [Fact]
    public void Answer_CutOffWithinACharacter_LosesThatOnly()
    {
        foreach (var most in Enumerable.Range(1, 12))
            Assert.DoesNotContain('\uFFFD', Encoding.UTF8.GetString(
                ReadableAnswer.Of(Encoding.UTF8.GetBytes("aßb€c😀d"), [], null, most)));
        Assert.Equal("aßb", Encoding.UTF8.GetString(ReadableAnswer.Of(Encoding.UTF8.GetBytes("aßb€"), [], null, 5)));
    }

    private static string Read(byte[] body, string? charset = null) => Encoding.UTF8.GetString(ReadableAnswer.Of(body, [], charset, 16384));

    private static byte[] Pack(string coding, byte[] text)
    {
        using var packed = new MemoryStream();
        using (Stream stream = coding.ToUpperInvariant() switch
        {
            "BR" => new BrotliStream(packed, CompressionLevel.Optimal, leaveOpen: true),
            "DEFLATE" => new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true),
            _ => new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true),
        })
            stream.Write(text);
        return packed.ToArray();
    }
}
