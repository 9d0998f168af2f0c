using System.Buffers;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Unicode;

namespace Router.Api.Incoming;

/// <summary>Makes a body UTF-8: most are; one that isn't is read by the charset that its content type names.</summary>
internal static class BodyText
{
    static BodyText() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>The body as UTF-8 without a byte order mark, or what is wrong with it.</summary>
    public static (ReadOnlyMemory<byte> Utf8, IncomingError? Error) Read(byte[] body, string? contentType)
    {
        // Sound UTF-8 that calls itself something else is rather mislabeled: in no other charset do its sequences make words. UTF-16
        // has zero bytes.
        if (Utf8.IsValid(body) && !body.Contains((byte)0))
            return (WithoutMark(body), null);

        if (Named(contentType) is { } charset)
        {
            try
            {
                return (WithoutMark(Encoding.UTF8.GetBytes(charset.GetString(body))), null);
            }
            catch (DecoderFallbackException broken)
            {
                return (default, new IncomingError(
                    400, $"The body is not in the charset that its content type names (byte {broken.Index + 1})."));
            }
        }

        return Utf8.IsValid(body)
            ? (WithoutMark(body), null)
            : (default, new IncomingError(
                400, $"The body is not valid UTF-8 (byte {FirstInvalid(body) + 1}); send UTF-8, or name the charset in the content type."));
    }

    /// <summary>The charset, when it is one that isn't UTF-8.</summary>
    private static Encoding? Named(string? contentType)
    {
        if (!MediaTypeHeaderValue.TryParse(contentType, out var type) || type.CharSet?.Trim('"', '\'', ' ') is not { Length: > 0 } name)
            return null;

        try
        {
            var charset = Encoding.GetEncoding(name, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback);
            return charset.CodePage == Encoding.UTF8.CodePage ? null : charset;
        }
        catch (Exception unknown) when (unknown is ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    private static ReadOnlyMemory<byte> WithoutMark(byte[] utf8) =>
        utf8.AsMemory(utf8.AsSpan().StartsWith(ByteOrderMark) ? ByteOrderMark.Length : 0);

    private static int FirstInvalid(ReadOnlySpan<byte> body)
    {
        var at = 0;
        while (Rune.DecodeFromUtf8(body[at..], out _, out var length) == OperationStatus.Done)
            at += length;
        return at;
    }
}
