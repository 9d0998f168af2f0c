using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Router.Core.Leads;

namespace Router.Core.Mapping;

/// <summary>Makes a receiver's JSON by a table of renames, constants and joins. Pure.</summary>
internal static class FieldTable
{
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 128 };

    /// <summary>What the rows make of an event.</summary>
    /// <exception cref="MappingException">
    /// Two rows want the same place to be different things, or they make too much.
    /// </exception>
    public static JsonNode Apply(IReadOnlyList<FieldMapping> rows, JsonElement lead, MappingWork work)
    {
        var made = new JsonObject();
        var lists = new List<JsonArray>();
        foreach (var row in rows)
        {
            if (Value(row, lead, work) is { } value)
                Put(made, row.To.Split('.'), 0, value, row.To, lists);
        }

        Close(lists);
        return made;
    }

    private static JsonNode? Value(FieldMapping row, JsonElement lead, MappingWork work)
    {
        if (row.Value is { } constant)
            return JsonValue.Create(constant);

        // One field keeps its type: a number stays a number, a list of tags a list.
        if (row.From!.Count == 1)
            return First(lead, row.From[0], work) ?? (JsonNode?)row.Default;

        var texts = row.From
            .Select(path => At(lead, path.Split('.'), work).Select(found => Text(found, work)).FirstOrDefault(text => text.Length > 0))
            .OfType<string>().ToList();
        work.Make(texts.Sum(text => (long)text.Length));
        var joined = string.Join(row.Separator, texts);
        return joined.Length > 0 ? joined : row.Default;
    }

    private static JsonNode? First(JsonElement lead, string path, MappingWork work)
    {
        // A list at the end of the path is meant as a whole.
        var names = path.Split('.');
        var parents = names.Length == 1 ? [lead] : At(lead, names[..^1], work);
        foreach (var parent in parents)
        {
            if (parent.ValueKind is JsonValueKind.Object)
                work.Read(MappingWork.OfRead * (1L + parent.GetPropertyCount()));
            if (parent.ValueKind is JsonValueKind.Object && parent.TryGetProperty(names[^1], out var found) && JsonText.IsGiven(found))
            {
                work.Make(JsonMarshal.GetRawUtf8Value(found).Length);
                // Half of a surrogate pair is legal JSON and no text: it reads as the replacement character.
                return found.ValueKind is JsonValueKind.String
                    ? JsonValue.Create(JsonText.Of(found)) : JsonNode.Parse(found.GetRawText(), documentOptions: Deep);
            }
        }

        return null;
    }

    private static string Text(JsonElement found, MappingWork work)
    {
        work.Read(JsonMarshal.GetRawUtf8Value(found).Length);
        return JsonFields.Text(found);
    }

    private static IReadOnlyList<JsonElement> At(JsonElement lead, string[] path, MappingWork work)
    {
        var found = JsonFields.At(lead, path, out var looks);
        work.Read(MappingWork.OfRead * (1L + looks));
        return found;
    }

    private static void Put(JsonNode into, string[] path, int at, JsonNode value, string target, List<JsonArray> lists)
    {
        var isLast = at == path.Length - 1;
        var child = into switch
        {
            JsonObject made => made[path[at]],
            JsonArray items when Index(path[at]) is { } index => Item(items, index),
            _ => throw new MappingException($"{target}: another row has put something else than an object there."),
        };
        if (isLast ? child is not null : child is JsonValue)
            throw new MappingException($"{target}: another row has put something there.");

        if (child is null)
        {
            child = isLast ? value : Index(path[at + 1]) is not null ? new JsonArray() : new JsonObject();
            if (!isLast && child is JsonArray list)
                lists.Add(list);
            if (into is JsonObject parent)
                parent[path[at]] = child;
            else
                ((JsonArray)into)[Index(path[at])!.Value] = child;
        }

        if (!isLast)
            Put(child, path, at + 1, value, target, lists);
    }

    /// <summary>The item of a list, which is made long enough.</summary>
    private static JsonNode? Item(JsonArray list, int index)
    {
        while (list.Count <= index)
            list.Add(null);
        return list[index];
    }

    /// <summary>
    /// Takes out of the lists that rows have made what no row has filled: of a list whose first item has no value, the second becomes the
    /// first. Lists that came from the lead stay as they are.
    /// </summary>
    private static void Close(List<JsonArray> lists)
    {
        foreach (var list in lists)
        {
            for (var at = list.Count - 1; at >= 0; at--)
            {
                if (list[at] is null)
                    list.RemoveAt(at);
            }
        }
    }

    private static int? Index(string name) =>
        int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < FieldMapping.MostItems ? index : null;
}
