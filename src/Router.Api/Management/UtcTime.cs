using System.Text.Json;
using System.Text.Json.Serialization;

namespace Router.Api.Management;

/// <summary>A time without an offset is UTC, as in a query: by itself the serializer takes it for the local time of this machine.</summary>
internal sealed class UtcTime : JsonConverter<DateTimeOffset>
{
    /// <exception cref="JsonException">It isn't a time.</exception>
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType is not JsonTokenType.String || !reader.TryGetDateTime(out var time))
            throw new JsonException("A time looks like 2026-11-22T16:00:00Z.");

        return time.Kind is DateTimeKind.Unspecified ? new DateTimeOffset(time, TimeSpan.Zero) : reader.GetDateTimeOffset();
    }

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value);
}
