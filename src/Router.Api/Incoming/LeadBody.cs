using System.Buffers;
using System.IO.Pipelines;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Router.Core.Leads;
using Router.Core.Sites;

namespace Router.Api.Incoming;

/// <summary>A request's body, parsed once: the document for validation over the very bytes that will be published.</summary>
internal sealed class LeadBody : IDisposable
{
    public const int MostBytes = 1024 * 1024;

    private const int SomewhatLarge = 64 * 1024;

    // Those that change the bytes. Clients put other words there, such as "UTF-8", that change nothing.
    private static readonly string[] Codings = [
        "gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress", "dcb", "dcz", "exi", "pack200-gzip"];

    private static readonly IncomingError NotJson = new(415, "Send the body as application/json.");
    private static readonly IncomingError Coded = new(415, "Send the body without a Content-Encoding.");
    private static readonly IncomingError TooLarge = new(413, "The body is larger than 1 MiB.");
    private static readonly IncomingError TooSlow = new(408, "The body took too long to arrive.");

    private LeadBody(JsonDocument document, RawJson raw) => (Document, Raw) = (document, raw);

    public JsonElement Root => Document.RootElement;

    public RawJson Raw { get; }

    private JsonDocument Document { get; }

    /// <summary>
    /// Reads and parses; a large one once there is room for it, which the request has until it ends. The error, if any, is for the sender;
    /// then the bytes, as UTF-8 where they are text, are what it sent, null when that is too large or didn't arrive.
    /// </summary>
    public static async ValueTask<(LeadBody? Body, IncomingError? Error, ReadOnlyMemory<byte>? Bytes)> Read(
        HttpContext context, JsonValueKind expected, TimeSpan timeout, BodyRoom large)
    {
        var request = context.Request;
        var unwanted = IsPlainlyNotJson(request.ContentType) ? NotJson
            : IsCoded(request.Headers.ContentEncoding.ToString()) ? Coded : null;

        // It is bounded as a whole; the server's own rate would cut a stalling sender off after half of that.
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
        var (bytes, late) = await ReadAll(context, timeout, large);
        if (bytes is null)
        {
            // What of it did arrive is of no use, and neither is the connection.
            if (late == TooSlow)
                context.Response.Headers.Connection = "close";
            return (null, unwanted ?? late, null);
        }

        var (text, unreadable) = BodyText.Read(bytes, request.ContentType);
        ReadOnlyMemory<byte> read = unreadable is null ? text : bytes;
        if ((unwanted ?? unreadable) is { } refused)
            return (null, refused == unreadable && IsForm(request.ContentType) ? NotJson : refused, read);

        var (body, error) = Parse(text, expected);
        return (body, error is not null && IsForm(request.ContentType) ? NotJson : error, read);
    }

    /// <summary>Parses UTF-8; the error, if any, is for the sender.</summary>
    public static (LeadBody? Body, IncomingError? Error) Parse(ReadOnlyMemory<byte> json, JsonValueKind expected)
    {
        if (json.Length > MostBytes)
            return (null, TooLarge);

        try
        {
            var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind == expected)
                return (new LeadBody(document, new RawJson(json.Trim(" \t\r\n"u8))), null);

            document.Dispose();
            var kind = expected is JsonValueKind.Array ? "list" : "object";
            return (null, new IncomingError(400, $"The body is not a JSON {kind}."));
        }
        catch (JsonException malformed)
        {
            // Only the place: the parser's text may repeat the contents.
            return (null, new IncomingError(400, "The body is not valid JSON, or nested deeper than 64 levels "
                + $"(line {malformed.LineNumber + 1}, byte {malformed.BytePositionInLine + 1})."));
        }
    }

    public void Dispose() => Document.Dispose();

    private static async ValueTask<(byte[]? Bytes, IncomingError? Error)> ReadAll(HttpContext context, TimeSpan timeout, BodyRoom large)
    {
        var request = context.Request;
        if (request.ContentLength > MostBytes)
            return (null, TooLarge);
        if (request.ContentLength is > BodyRoom.Small and var length && !await HasRoom(context, length, large))
            return (null, IncomingError.Busy);

        // One that doesn't say how large it is counts as somewhat large once it isn't small, then as the largest.
        var known = request.ContentLength is null ? BodyRoom.Small : MostBytes;
        var reader = request.BodyReader;
        using var limit = new CancellationTokenSource(timeout);
        // Not by its token: a read that was thrown out of leaves the connection in a state that the server logs as its own fault.
        await using var end = limit.Token.UnsafeRegister(static reader => ((PipeReader)reader!).CancelPendingRead(), reader);
        while (true)
        {
            var read = await reader.ReadAsync();
            var error = read.Buffer.Length > MostBytes ? TooLarge : null;
            if (error is null && read.Buffer.Length > known)
            {
                known = read.Buffer.Length > SomewhatLarge ? MostBytes : SomewhatLarge;
                error = await HasRoom(context, known, large) ? null : IncomingError.Busy;
            }

            if (error is null && !read.IsCompleted && !read.IsCanceled)
            {
                reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            if (!read.IsCompleted)
                error ??= TooSlow;
            var bytes = error is null ? read.Buffer.ToArray() : null;
            // Given back whole, or Kestrel can't drain the rest and breaks the connection under the sender's next lead.
            reader.AdvanceTo(read.Buffer.End);
            return (bytes, error);
        }
    }

    private static async ValueTask<bool> HasRoom(HttpContext context, long bytes, BodyRoom large)
    {
        // Not tied to the request: a wait that is broken off is nobody's error.
        if (await large.Enter(context.Features.Get<Product>()!.Username, bytes, CancellationToken.None) is not { } room)
            return false;

        context.Response.RegisterForDispose(room);
        return true;
    }

    // A missing or generic type is fine: many clients post JSON without saying so.
    private static bool IsPlainlyNotJson(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type)
        && type.MediaType is { } name
        && !name.Contains("json", StringComparison.OrdinalIgnoreCase)
        && !name.Equals("text/plain", StringComparison.OrdinalIgnoreCase)
        && !name.Equals("application/octet-stream", StringComparison.OrdinalIgnoreCase)
        && name != "*/*"
        && !IsForm(contentType);

    private static bool IsCoded(string contentEncoding) => contentEncoding.Length > 0 && contentEncoding
        .Split(',', StringSplitOptions.TrimEntries).Any(coding => Codings.Contains(coding, StringComparer.OrdinalIgnoreCase));

    // What curl -d says of any body when it isn't told otherwise: refused only if the body is no JSON either.
    private static bool IsForm(string? contentType) =>
        contentType?.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) is true;
}
