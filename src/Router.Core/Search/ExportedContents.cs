using System.Text;
using System.Text.Json;

namespace Router.Core.Search;

/// <summary>Contents in the file of a person.</summary>
internal static class ExportedContents
{
    /// <summary>As they came where they are JSON, else as text.</summary>
    public static void Write(Utf8JsonWriter json, byte[]? utf8)
    {
        json.WritePropertyName("contents");
        if (utf8 is null)
        {
            json.WriteNullValue();
            return;
        }

        try
        {
            using var document = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = 256 });
            json.WriteRawValue(utf8, skipInputValidation: true);
        }
        catch (JsonException)
        {
            json.WriteStringValue(Encoding.UTF8.GetString(utf8));
        }
    }
}
