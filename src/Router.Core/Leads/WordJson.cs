using System.Text.Json;
using System.Text.Json.Serialization;

namespace Router.Core.Leads;

/// <summary>An enum as JSON: its word.</summary>
/// <param name="text">The word of a value.</param>
/// <param name="parse">The value of a word; null when there is none.</param>
internal abstract class WordJson<T>(Func<T, string> text, Func<string?, T?> parse) : JsonConverter<T>
    where T : struct, Enum
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        (reader.TokenType is JsonTokenType.String ? parse(reader.GetString()) : null)
            ?? throw new JsonException($"This is no {typeof(T).Name} that this version knows.");

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(text(value));
}
