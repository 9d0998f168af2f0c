using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Router.Core.Leads;

/// <summary>
/// A JSON value kept as the very bytes it came in: key order, number spelling (<c>2.50</c>), escapes and unknown
/// fields survive a trip through the broker and the database. Always complete, valid UTF-8 JSON.
/// </summary>
[JsonConverter(typeof(RawJsonConverter))]
public readonly record struct RawJson(ReadOnlyMemory<byte> Utf8)
{
    // A sender may nest 64 deep, and what we wrap around it adds to that: whatever was accepted must be readable here.
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 128 };

    /// <summary>Copies the bytes of <paramref name="element"/>, so that its document may be disposed.</summary>
    public static RawJson From(JsonElement element) => new(JsonMarshal.GetRawUtf8Value(element).ToArray());

    /// <summary>Parses a literal; for tests and fixed payloads.</summary>
    /// <exception cref="JsonException">The text is not JSON.</exception>
    public static RawJson Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return From(document.RootElement);
    }

    /// <summary>The parsed value. Dispose it: its buffers are pooled.</summary>
    public JsonDocument ToDocument() => JsonDocument.Parse(Utf8, Deep);

    /// <summary>Never the contents: a lead printed by accident must not reach a log.</summary>
    public override string ToString() => $"JSON of {Utf8.Length} bytes";

    private sealed class RawJsonConverter : JsonConverter<RawJson>
    {
        public override RawJson Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            using var document = JsonDocument.ParseValue(ref reader);
            return From(document.RootElement);
        }

        // The bytes were validated when they were parsed; validating them again would cost as much as parsing.
        public override void Write(Utf8JsonWriter writer, RawJson value, JsonSerializerOptions options) =>
            writer.WriteRawValue(value.Utf8.Span, skipInputValidation: true);
    }
}
