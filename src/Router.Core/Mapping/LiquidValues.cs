using System.Text.Json;
using System.Text.Json.Nodes;
using Fluid;
using Fluid.Values;
using Router.Core.Leads;

namespace Router.Core.Mapping;

/// <summary>JSON as values of a template, and back.</summary>
internal static class LiquidValues
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = EscapedText.Json, MaxDepth = 256 };

    /// <summary>A field of the event.</summary>
    public static FluidValue Of(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => new StringValue(JsonText.Of(value)),
        JsonValueKind.Number => value.TryGetDecimal(out var number) ? NumberValue.Create(number) : new StringValue(value.GetRawText()),
        JsonValueKind.True => BooleanValue.True,
        JsonValueKind.False => BooleanValue.False,
        JsonValueKind.Array => new ArrayValue([.. value.EnumerateArray().Select(Of)]),
        JsonValueKind.Object => new DictionaryValue(new FluidValueDictionaryFluidIndexable(Fields(value))),
        _ => NilValue.Instance,
    };

    /// <summary>A value as JSON.</summary>
    public static string ToJson(FluidValue value) => Node(value)?.ToJsonString(Relaxed) ?? "null";

    /// <summary>The fields of an object.</summary>
    public static IEnumerable<KeyValuePair<string, FluidValue>> Fields(DictionaryValue value)
    {
        var fields = (IFluidIndexable)value.ToObjectValue();
        foreach (var name in fields.Keys)
        {
            if (fields.TryGetValue(name, out var field))
                yield return KeyValuePair.Create(name, field);
        }
    }

    private static Dictionary<string, FluidValue> Fields(JsonElement value)
    {
        var fields = new Dictionary<string, FluidValue>(StringComparer.Ordinal);
        foreach (var property in value.EnumerateObject())
            fields[JsonText.NameOf(property)] = Of(property.Value);
        return fields;
    }

    private static JsonNode? Node(FluidValue value) => value switch
    {
        NumberValue number => JsonValue.Create(number.ToNumberValue()),
        BooleanValue truth => JsonValue.Create(truth.ToBooleanValue()),
        ArrayValue list => new JsonArray([.. list.Values.Select(Node)]),
        DictionaryValue map => new JsonObject(Fields(map).Select(field => KeyValuePair.Create(field.Key, Node(field.Value)))),
        NilValue => null,
        _ => JsonValue.Create(value.ToStringValue()),
    };
}
