using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Router.Core.Leads;

/// <summary>A field to set: its name and its value as JSON.</summary>
internal readonly record struct SetField(string Name, ReadOnlyMemory<byte> Json)
{
    // Readable in a log of the receiver's: é stays é. What we write is never put into HTML by us.
    private static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    public static SetField Text(string name, string value) => new(name, Quote(value));

    /// <summary>The text as a JSON string, with its quotes.</summary>
    public static byte[] Quote(string text) => [(byte)'"', .. JsonEncodedText.Encode(text, Encoder).EncodedUtf8Bytes, (byte)'"'];
}

/// <summary>
/// Writes a JSON object again with some fields set: in place where the object has them, else behind its own fields. All
/// other fields keep their bytes. A field that the object repeats is set once.
/// </summary>
internal static class ObjectRewriter
{
    /// <summary>Writes the object; the offset of the value of the last field of <paramref name="set"/>.</summary>
    /// <param name="output">Where to write.</param>
    /// <param name="element">A JSON object.</param>
    /// <param name="set">The fields to set; their names are ASCII.</param>
    /// <param name="drop">The fields of the object to leave out.</param>
    public static int Rewrite(
        ArrayBufferWriter<byte> output, JsonElement element, IReadOnlyList<SetField> set, Predicate<JsonProperty>? drop = null)
    {
        var start = output.WrittenCount;
        var lastAt = 0;
        Span<bool> written = stackalloc bool[set.Count];
        output.Write("{"u8);

        foreach (var property in element.EnumerateObject())
        {
            var index = IndexOf(set, property);
            if (index >= 0)
                Set(index, written, ref lastAt);
            else if (drop is null || !drop(property))
                WriteField(JsonMarshal.GetRawUtf8PropertyName(property), JsonMarshal.GetRawUtf8Value(property.Value));
        }

        for (var i = 0; i < set.Count; i++)
            Set(i, written, ref lastAt);
        output.Write("}"u8);
        return lastAt;

        void Set(int index, Span<bool> written, ref int lastAt)
        {
            if (written[index])
                return;
            written[index] = true;
            WriteField(JsonEncodedText.Encode(set[index].Name).EncodedUtf8Bytes, set[index].Json.Span);
            if (index == set.Count - 1)
                lastAt = output.WrittenCount - set[index].Json.Length;
        }

        void WriteField(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
        {
            output.Write(output.WrittenCount == start + 1 ? "\""u8 : ",\""u8);
            output.Write(name);
            output.Write("\":"u8);
            output.Write(value);
        }
    }

    private static int IndexOf(IReadOnlyList<SetField> set, JsonProperty property)
    {
        for (var i = 0; i < set.Count; i++)
        {
            if (JsonText.IsNamed(property, set[i].Name))
                return i;
        }

        return -1;
    }
}
