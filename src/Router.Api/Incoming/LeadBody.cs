using System.Buffers;
using System.IO.Pipelines;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Router.Core.Leads;

namespace Router.Api.Incoming;

/// <summary>A request's body, parsed once: the document for validation over the very bytes that will be published.</summary>
internal sealed class LeadBody : IDisposable
{
    public const int MostBytes = 1024 * 1024;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    private static readonly IncomingError NotJson = new(415, "Send the body as application/json.");

    private LeadBody(JsonDocument document, RawJson raw) => (Document, Raw) = (document, raw);

    public JsonElement Root => Document.RootElement;

    public RawJson Raw { get; }

    private JsonDocument Document { get; }

    /// <summary>Reads and parses; the error, if any, is for the sender.</summary>
    public static async ValueTask<(LeadBody? Body, IncomingError? Error)> Read(HttpContext context, JsonValueKind expected, TimeSpan timeout)
    {
        var request = context.Request;
        if (IsPlainlyNotJson(request.ContentType))
            return (null, NotJson);
        if (request.Headers.ContentEncoding.Count > 0 && request.Headers.ContentEncoding != "identity")
            return (null, new IncomingError(415, "Send the body without a Content-Encoding."));

        // It is bounded as a whole; the server's own rate would cut a stalling sender off after half of that.
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        limit.CancelAfter(timeout);
        try
        {
            if (await ReadAll(request, limit.Token) is not { } bytes)
                return (null, new IncomingError(413, "The body is larger than 1 MiB."));

            var (body, error) = Parse(bytes, expected);
            return error is not null && IsForm(request.ContentType) ? (null, NotJson) : (body, error);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            // What of it did arrive is of no use, and neither is the connection.
            context.Response.Headers.Connection = "close";
            return (null, new IncomingError(408, "The body took too long to arrive."));
        }
    }

    public void Dispose() => Document.Dispose();

    private static (LeadBody?, IncomingError?) Parse(byte[] bytes, JsonValueKind expected)
    {
        if (!Utf8.IsValid(bytes))
            return (null, new IncomingError(400, "The body is not valid UTF-8."));

        var json = bytes.AsMemory(bytes.AsSpan().StartsWith(ByteOrderMark) ? ByteOrderMark.Length : 0);
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
            return (null, new IncomingError(400, $"The body is not valid JSON, or nested deeper than 64 levels (line {malformed.LineNumber + 1}, byte {malformed.BytePositionInLine + 1})."));
        }
    }

    private static async ValueTask<byte[]?> ReadAll(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > MostBytes)
            return null;

        while (true)
        {
            var read = await request.BodyReader.ReadAsync(cancellationToken);
            if (read.Buffer.Length > MostBytes)
            {
                // Given back, or Kestrel can't drain the rest and breaks the connection under the sender's next lead.
                request.BodyReader.AdvanceTo(read.Buffer.End);
                return null;
            }

            if (read.IsCompleted)
            {
                var bytes = read.Buffer.ToArray();
                request.BodyReader.AdvanceTo(read.Buffer.End);
                return bytes;
            }

            request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
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

    // What curl -d says of any body when it isn't told otherwise: refused only if the body is no JSON either.
    private static bool IsForm(string? contentType) =>
        contentType?.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) is true;
}
