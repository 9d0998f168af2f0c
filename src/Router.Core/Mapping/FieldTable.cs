using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Router.Core.Leads;

namespace Router.Core.Mapping;

/// <summary>Makes a receiver's JSON by a table of renames, constants and joins. Pure.</summary>
internal static class FieldTable
{
    // A list is only as long as the rows that fill it; a larger number in a path would make one of blanks.
    private const int MostItems = 20;

    /// <summary>What the rows make of an event.</summary>
    /// <exception cref="MappingException">Two rows want the same place to be different things.</exception>
    public static JsonNode Apply(IReadOnlyList<FieldMapping> rows, JsonElement lead)
    {
        var made = new JsonObject();
        foreach (var row in rows)
        {
            if (Value(row, lead) is { } value)
                Put(made, row.To.Split('.'), 0, value, row.To);
        }

        return made;
    }

    private static JsonNode? Value(FieldMapping row, JsonElement lead)
    {
        if (row.Value is { } constant)
            return JsonValue.Create(constant);

        // One field keeps its type: a number stays a number, a list of tags a list.
        if (row.From!.Count == 1)
            return First(lead, row.From[0]) ?? (JsonNode?)row.Default;

        var texts = row.From.Select(path => JsonFields.Texts(lead, path.Split('.')).FirstOrDefault()).Where(text => text is not null);
        var joined = string.Join(row.Separator, texts);
        return joined.Length > 0 ? joined : row.Default;
    }

    private static JsonNode? First(JsonElement lead, string path)
    {
        // A list at the end of the path is meant as a whole.
        var names = path.Split('.');
        var parents = names.Length == 1 ? [lead] : JsonFields.At(lead, names[..^1]);
        foreach (var parent in parents)
        {
            if (parent.ValueKind is JsonValueKind.Object && parent.TryGetProperty(names[^1], out var found) && JsonText.IsGiven(found))
                return JsonNode.Parse(found.GetRawText());
        }

        return null;
    }

    private static void Put(JsonNode into, string[] path, int at, JsonNode value, string target)
    {
        var isLast = at == path.Length - 1;
        var child = into switch
        {
            JsonObject made => made[path[at]],
            JsonArray list when Index(path[at]) is { } index => index < list.Count ? list[index] : null,
            _ => throw new MappingException($"{target}: another row has put something else than an object there."),
        };
        if (isLast ? child is not null : child is JsonValue)
            throw new MappingException($"{target}: another row has put something there.");

        if (!isLast && child is not null)
        {
            Put(child, path, at + 1, value, target);
            return;
        }

        var added = isLast ? value : Index(path[at + 1]) is not null ? new JsonArray() : (JsonNode)new JsonObject();
        if (into is JsonObject parent)
            parent[path[at]] = added;
        else
            // In the order of the rows: of a list whose first item has no value, the second becomes the first.
            ((JsonArray)into).Add(added);
        if (!isLast)
            Put(added, path, at + 1, value, target);
    }

    private static int? Index(string name) =>
        int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < MostItems ? index : null;
}
