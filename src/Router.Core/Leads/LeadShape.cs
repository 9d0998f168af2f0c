using System.Buffers;
using System.Text.Json;

namespace Router.Core.Leads;

/// <summary>What a validated request becomes before it is published. What need not change keeps its very bytes.</summary>
public static class LeadShape
{
    /// <summary>The sender's <c>id</c>, in its spelling, or null when it has none.</summary>
    public static string? IdOf(JsonElement lead) => JsonText.FieldOf(lead, "id");

    /// <summary>A new or updated lead: activities get their defaults.</summary>
    /// <param name="raw">The body as it came.</param>
    /// <param name="lead">The same, parsed.</param>
    /// <param name="acceptedAt">When it was accepted.</param>
    /// <param name="role">The role to set, for a potential seller.</param>
    /// <param name="dropEmpty">Whether empty strings are left out: version 1 of the API cannot unset a field.</param>
    public static RawJson Lead(RawJson raw, JsonElement lead, DateTimeOffset acceptedAt, string? role = null, bool dropEmpty = false)
    {
        var set = new List<SetField>(2);
        if (role is not null)
            set.Add(SetField.Text("role", role));
        if (ActivitiesOf(lead) is { } activities && Activities.WithDefaults(activities, JsonText.FieldOf(lead, "source"), acceptedAt) is { } filled)
            set.Add(new SetField("activities", filled.Utf8));

        Predicate<JsonElement>? drop = dropEmpty && lead.EnumerateObject().Any(property => IsEmpty(property.Value)) ? IsEmpty : null;
        return set.Count == 0 && drop is null ? raw : Rewrite(lead, set, drop);
    }

    /// <summary>The body of an event that adds activities, from the list that was posted.</summary>
    public static RawJson Added(RawJson raw, JsonElement activities, DateTimeOffset acceptedAt)
    {
        var list = Activities.WithDefaults(activities, source: null, acceptedAt) ?? raw;
        return new RawJson((byte[])[.. "{\"activities\":"u8, .. list.Utf8.Span, (byte)'}']);
    }

    /// <summary>A user as it is kept and sent: its id is the one of the path.</summary>
    public static RawJson WithId(JsonElement user, string id) => Rewrite(user, [SetField.Text("id", id)], drop: null);

    /// <summary>A deleted user: what was known of it, marked as deleted.</summary>
    public static RawJson Deleted(RawJson user)
    {
        using var document = user.ToDocument();
        return Rewrite(document.RootElement, [new SetField("deleted", "true"u8.ToArray())], drop: null);
    }

    private static RawJson Rewrite(JsonElement element, List<SetField> set, Predicate<JsonElement>? drop)
    {
        var body = new ArrayBufferWriter<byte>(1024);
        ObjectRewriter.Rewrite(body, element, set, drop);
        return new RawJson(body.WrittenMemory);
    }

    private static JsonElement? ActivitiesOf(JsonElement lead)
    {
        JsonElement? activities = null;
        foreach (var property in lead.EnumerateObject())
        {
            if (JsonText.NameOf(property) == "activities")
                activities = property.Value.ValueKind is JsonValueKind.Array ? property.Value : null;
        }

        return activities;
    }

    private static bool IsEmpty(JsonElement value) => value.ValueKind is JsonValueKind.String && JsonText.Of(value).Length == 0;
}
