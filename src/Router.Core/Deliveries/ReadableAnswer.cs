using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using System.Text.Unicode;

namespace Router.Core.Deliveries;

/// <summary>The first bytes of an answer, as UTF-8 that people can read, whatever they were packed and written in. Pure.</summary>
internal static partial class ReadableAnswer
{
    // Nobody packs a text more often, and each costs the processor's time, whatever it comes to.
    private const int MostPackings = 2;

    /// <summary>The text's bytes.</summary>
    /// <param name="body">The first bytes as they came.</param>
    /// <param name="packing">The codings of <c>Content-Encoding</c>, in their order.</param>
    /// <param name="charset">The charset that <c>Content-Type</c> names, if any.</param>
    /// <param name="most">The most bytes to keep.</param>
    public static byte[] Of(byte[] body, IEnumerable<string> packing, string? charset, int most)
    {
        var codings = packing.Take(MostPackings + 1).ToList();
        if (codings.Count <= MostPackings)
            body = codings.AsEnumerable().Reverse().Aggregate(body, (packed, coding) => Unpack(packed, coding.Trim(), most));
        var isCutOff = body.Length >= most;
        var (encoding, mark) = Encoding(body, charset, isCutOff);
        if (encoding is not null)
            body = System.Text.Encoding.UTF8.GetBytes(encoding.GetString(body, mark, body.Length - mark));
        isCutOff |= body.Length > most;
        return (isCutOff ? WithoutHalfCharacter(body.AsSpan(0, most)) : body).ToArray();
    }

    /// <summary>
    /// Never more than <paramref name="most"/> bytes, however much they would unfold to; of what is cut off, the part that can be read.
    /// </summary>
    private static byte[] Unpack(byte[] body, string coding, int most)
    {
        using var packed = new MemoryStream(body);
        using Stream? unpacked = coding.ToUpperInvariant() switch
        {
            "GZIP" or "X-GZIP" => new GZipStream(packed, CompressionMode.Decompress),
            "BR" => new BrotliStream(packed, CompressionMode.Decompress),
            // By the standard with zlib's header; some leave that out.
            "DEFLATE" when body is [0x78, ..] => new ZLibStream(packed, CompressionMode.Decompress),
            "DEFLATE" => new DeflateStream(packed, CompressionMode.Decompress),
            _ => null,
        };
        if (unpacked is null)
            return body;

        var text = new byte[most];
        var length = 0;
        try
        {
            int read;
            while (length < most && (read = unpacked.Read(text, length, most - length)) > 0)
                length += read;
        }
        catch (Exception broken) when (broken is InvalidDataException or IOException or InvalidOperationException)
        {
            // Cut off, or not packed as it says.
            if (length is 0)
                return body;
        }

        // Brotli's reader says nothing of what it can't read; an empty text is a byte of it.
        return length is 0 && unpacked is BrotliStream && body.Length > 1 ? body : text[..length];
    }

    /// <summary>What to read it by, and how many bytes of byte order mark to skip; null for UTF-8.</summary>
    private static (Encoding? Encoding, int Mark) Encoding(byte[] body, string? charset, bool isCutOff)
    {
        switch (body)
        {
            case [0xEF, 0xBB, 0xBF, ..]: return (System.Text.Encoding.UTF8, 3);
            case [0xFF, 0xFE, 0, 0, ..]: return (System.Text.Encoding.UTF32, 4);
            case [0xFF, 0xFE, ..]: return (System.Text.Encoding.Unicode, 2);
            case [0xFE, 0xFF, ..]: return (System.Text.Encoding.BigEndianUnicode, 2);
            case [0, not 0, 0, not 0, ..]: return (System.Text.Encoding.BigEndianUnicode, 0);
            case [not 0, 0, not 0, 0, ..]: return (System.Text.Encoding.Unicode, 0);
        }

        if (Utf8.IsValid(isCutOff ? WithoutHalfCharacter(body) : body) && Named(charset) is not { IsSingleByte: false })
            return (null, 0);
        // What is not UTF-8 and doesn't say what it is, is what browsers take it for.
        var declared = Declaration.Match(System.Text.Encoding.Latin1.GetString(body, 0, Math.Min(body.Length, 1024)));
        return (Named(charset) ?? Named(declared.Success ? declared.Groups["name"].Value : null) ?? Named("windows-1252"), 0);
    }

    private static Encoding? Named(string? charset)
    {
        if (charset?.Trim(' ', '"', '\'') is not { Length: > 0 } name || string.Equals(name, "utf-8", StringComparison.OrdinalIgnoreCase))
            return null;
        try
        {
            return CodePagesEncodingProvider.Instance.GetEncoding(name) ?? System.Text.Encoding.GetEncoding(name);
        }
        catch (Exception unknown) when (unknown is ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    private static ReadOnlySpan<byte> WithoutHalfCharacter(ReadOnlySpan<byte> utf8)
    {
        for (var back = 1; back <= Math.Min(3, utf8.Length); back++)
        {
            var first = utf8[^back];
            if (first is >= 0xC0)
                return (first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2) > back ? utf8[..^back] : utf8;
            if (first < 0x80)
                return utf8;
        }

        return utf8;
    }

    /// <summary>As in <c>&lt;meta charset="…"&gt;</c> and <c>&lt;?xml … encoding="…"?&gt;</c>.</summary>
    [GeneratedRegex(
        "(charset|encoding)\\s*=\\s*[\"']?(?<name>[A-Za-z0-9_:.-]{1,40})",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Declaration { get; }
}
