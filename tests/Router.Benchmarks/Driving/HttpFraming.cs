using System.Buffers.Text;

namespace Router.Benchmarks.Driving;

/// <summary>Where an HTTP/1.1 message ends: as much of the protocol as driver and receiver need.</summary>
internal static class HttpFraming
{
    /// <summary>Whether the message is complete, and where its body is.</summary>
    public static bool IsComplete(ReadOnlySpan<byte> message, out ReadOnlySpan<byte> body)
    {
        body = default;
        var end = message.IndexOf("\r\n\r\n"u8);
        if (end < 0)
            return false;

        var headers = message[..(end + 2)];
        body = message[(end + 4)..];
        var length = headers.IndexOf("\r\nContent-Length: "u8);
        if (length < 0)
            return headers.IndexOf("\r\nTransfer-Encoding: chunked"u8) < 0 || body.EndsWith("0\r\n\r\n"u8);

        return Utf8Parser.TryParse(headers[(length + 18)..], out int expected, out _) && body.Length >= expected;
    }
}
