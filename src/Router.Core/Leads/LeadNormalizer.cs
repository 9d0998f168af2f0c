using System.Buffers;
using System.Text.Json;

namespace Router.Core.Leads;

/// <summary>
/// What a validated request becomes before it is published; null when that is larger than <see cref="LeadDefaults.MostBytes"/>. What need
/// not change keeps its very bytes.
/// </summary>
public static class LeadNormalizer
{
    /// <summary>
    /// The sender's <c>id</c>, in its spelling without blanks around it, or null when it has none. The zero UUID is an id that nobody set.
    /// </summary>
    public static string? IdOf(JsonElement lead) =>
        JsonText.Last(lead, "id") is var id && JsonText.IsGiven(id) && JsonText.Spelling(id) is var text
        && Uuids.TryParse(text, out var uuid) && uuid != Guid.Empty ? text : null;

    /// <summary>A new lead: where its source is blank it gets one, and so do its activities.</summary>
    /// <param name="raw">The body as it came.</param>
    /// <param name="lead">The same, parsed.</param>
    /// <param name="defaults">What it gets where it doesn't say.</param>
    public static RawJson? New(RawJson raw, JsonElement lead, LeadDefaults defaults)
    {
        var source = JsonText.Last(lead, "source");
        return Shape(raw, lead, source, defaults, JsonText.IsGiven(source) ? null : SetField.Text("source", defaults.SourceSystem));
    }

    /// <summary>A new lead of a role that is ours to set.</summary>
    public static RawJson? WithRole(RawJson raw, JsonElement lead, string role, LeadDefaults defaults) =>
        Shape(raw, lead, JsonText.Last(lead, "source"), defaults, SetField.Text("role", role));

    /// <summary>What changes of a lead.</summary>
    /// <param name="raw">The body as it came.</param>
    /// <param name="lead">The same, parsed.</param>
    /// <param name="defaults">What its activities get where they don't say.</param>
    /// <param name="dropEmpty">Whether empty strings are left out: version 1 of the API cannot unset a field.</param>
    public static RawJson? Changed(RawJson raw, JsonElement lead, LeadDefaults defaults, bool dropEmpty) =>
        Shape(raw, lead, JsonText.Last(lead, "source"), defaults, null, dropEmpty && lead.EnumerateObject().Any(IsEmpty) ? IsEmpty : null);

    /// <summary>The body of an event that adds activities, from the list that was posted.</summary>
    public static RawJson? Added(RawJson raw, JsonElement activities, LeadDefaults defaults) =>
        Activities.TryFill(activities, source: default, defaults, out var filled)
            ? new RawJson((byte[])[.. "{\"activities\":"u8, .. (filled ?? raw).Utf8.Span, (byte)'}'])
            : null;

    /// <summary>A user as it is kept and sent: its id is the one of the path.</summary>
    public static RawJson WithId(JsonElement user, string id) => Rewrite(user, [SetField.Text("id", id)], drop: null);

    /// <summary>A deleted user: what was known of it, marked as deleted.</summary>
    public static RawJson Deleted(RawJson user)
    {
        using var document = user.ToDocument();
        return Rewrite(document.RootElement, [new SetField("deleted", "true"u8.ToArray())], drop: null);
    }

    private static RawJson? Shape(
        RawJson raw, JsonElement lead, JsonElement source, LeadDefaults defaults, SetField? ours, Predicate<JsonProperty>? drop = null)
    {
        var set = new List<SetField>(2);
        if (ours is { } field)
            set.Add(field);
        if (JsonText.Last(lead, "activities") is { ValueKind: JsonValueKind.Array } activities)
        {
            if (!Activities.TryFill(activities, source, defaults, out var filled))
                return null;
            if (filled is { } list)
                set.Add(new SetField("activities", list.Utf8));
        }

        var shaped = set.Count == 0 && drop is null ? raw : Rewrite(lead, set, drop);
        return shaped.Utf8.Length <= defaults.MostBytes ? shaped : null;
    }

    private static RawJson Rewrite(JsonElement element, List<SetField> set, Predicate<JsonProperty>? drop)
    {
        var body = new ArrayBufferWriter<byte>(1024);
        ObjectRewriter.Rewrite(body, element, set, drop);
        return new RawJson(body.WrittenMemory);
    }

    private static bool IsEmpty(JsonProperty property) =>
        property.Value.ValueKind is JsonValueKind.String && JsonText.Of(property.Value).Length == 0;
}
