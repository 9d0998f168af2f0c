using System.Text.Json;

namespace Router.Core.Leads;

/// <summary>A lead's id in its sender's spelling.</summary>
public static class LeadIds
{
    /// <summary>The <c>id</c> of a validated lead, or null when it has none. The last one counts.</summary>
    public static string? Of(JsonElement lead)
    {
        string? id = null;
        foreach (var property in lead.EnumerateObject())
        {
            if (JsonText.NameOf(property) == "id")
                id = property.Value.ValueKind is JsonValueKind.String && JsonText.Of(property.Value) is { Length: > 0 } given ? given : null;
        }

        return id;
    }
}
