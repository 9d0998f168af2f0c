using System.Text;
using System.Text.Json;
using Router.Core.Leads;

namespace Router.Core.Mapping;

/// <summary>JSON as the body of an HTML form. Pure.</summary>
internal static class FormBody
{
    /// <summary>Each field of the object; a list gives a field for each of its items. What is null is left out.</summary>
    /// <exception cref="MappingException">There are objects in it, and a form has none; or it is too long.</exception>
    public static byte[] Of(JsonElement made, MappingWork work)
    {
        if (made.ValueKind is not JsonValueKind.Object)
            throw new MappingException("A form is made from one JSON object.");

        var pairs = new StringBuilder();
        foreach (var field in made.EnumerateObject())
        {
            IEnumerable<JsonElement> values = field.Value.ValueKind is JsonValueKind.Array ? field.Value.EnumerateArray() : [field.Value];
            var name = Encode(JsonText.NameOf(field));
            foreach (var value in values)
                Add(pairs, name, value, work);
        }

        return Encoding.ASCII.GetBytes(pairs.ToString());
    }

    private static void Add(StringBuilder pairs, string name, JsonElement value, MappingWork work)
    {
        var text = value.ValueKind switch
        {
            JsonValueKind.Null => null,
            JsonValueKind.Object or JsonValueKind.Array =>
                throw new MappingException("A form's field is a text, a number or a list of those."),
            JsonValueKind.String => JsonText.Of(value),
            _ => value.GetRawText(),
        };
        if (text is null)
            return;

        if (pairs.Length > 0)
            pairs.Append('&');
        // The name once more for each item of a list.
        var encoded = Encode(text);
        work.Make(name.Length + encoded.Length);
        pairs.Append(name).Append('=').Append(encoded);
    }

    // As browsers do: a blank is a plus sign.
    private static string Encode(string text) => Uri.EscapeDataString(text).Replace("%20", "+", StringComparison.Ordinal);
}
