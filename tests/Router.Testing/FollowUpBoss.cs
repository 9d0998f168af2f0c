using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Router.Testing;

/// <summary>
/// Follow Up Boss's <c>POST /v1/events</c>, as strict as its public documentation: Basic authentication with the API key as the username,
/// a registered system's headers, JSON with known fields and types of events. 204 where the lead flow of a source is archived.
/// </summary>
public static class FollowUpBoss
{
    public const string ApiKey = "fka_0123456789";
    public const string System = "LeadRouter";
    public const string SystemKey = "5602-system-key";
    public const string ArchivedSource = "Archived";

    private static readonly string[] Types =
    [
        "Registration", "Inquiry", "Seller Inquiry", "Property Inquiry", "General Inquiry", "Viewed Property", "Saved Property",
        "Visited Website", "Incoming Call", "Unsubscribed", "Property Search", "Saved Property Search", "Visited Open House", "Viewed Page",
    ];

    private static readonly Dictionary<string, string[]> Known = new(StringComparer.Ordinal)
    {
        [""] = ["source", "system", "type", "message", "description", "person", "property", "propertySearch", "campaign"],
        ["person"] = ["id", "contacted", "firstName", "lastName", "stage", "sourceUrl", "emails", "phones", "addresses", "tags"],
        ["property"] =
            ["street", "city", "state", "code", "mlsNumber", "price", "forRent", "url", "type", "bedrooms", "bathrooms", "area", "lot"],
    };

    /// <summary>Answers a request.</summary>
    public static async Task Answer(HttpContext context, Received request)
    {
        var (status, error) = Check(request);
        context.Response.StatusCode = status;
        if (status != 204)
            await context.Response.WriteAsJsonAsync(error is null ? (object)new { id = 1, stage = "Lead" } : new { errorMessage = error });
    }

    private static (int Status, string? Error) Check(Received request)
    {
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{ApiKey}:"));
        if (request.Headers.GetValueOrDefault("Authorization") != $"Basic {basic}")
            return (401, "The API key is not valid.");
        if (request.Headers.GetValueOrDefault("X-System") != System || request.Headers.GetValueOrDefault("X-System-Key") != SystemKey)
            return (403, "The system is not registered.");
        if (request.Headers["Content-Type"].Split(';')[0] != "application/json")
            return (415, "JSON only.");

        var body = request.Json;
        foreach (var (place, fields) in Known)
        {
            var part = place.Length == 0 ? body : body.TryGetProperty(place, out var inner) ? inner : default;
            if (part.ValueKind is JsonValueKind.Object
                && part.EnumerateObject().Select(field => field.Name).FirstOrDefault(name => !fields.Contains(name)) is { } unknown)
                return (400, $"Unknown field {place} {unknown}.");
        }

        if (!body.TryGetProperty("type", out var type) || !Types.Contains(type.GetString()))
            return (400, "The type is not valid.");
        if (!body.TryGetProperty("person", out var person) || !IsSomebody(person))
            return (400, "The person has neither a name nor an e-mail address nor a phone.");
        if (body.TryGetProperty("property", out var property) && property.TryGetProperty("price", out var price)
            && !price.TryGetInt64(out _))
            return (400, "The price is not a number.");
        return body.GetProperty("source").GetString() == ArchivedSource ? (204, null) : (201, null);
    }

    private static bool IsSomebody(JsonElement person) =>
        person.TryGetProperty("firstName", out _) || person.TryGetProperty("lastName", out _)
        || Values(person, "emails").Any(email => email.Contains('@', StringComparison.Ordinal)) || Values(person, "phones").Any();

    private static IEnumerable<string> Values(JsonElement person, string list) =>
        person.TryGetProperty(list, out var items) ? items.EnumerateArray().Select(item => item.GetProperty("value").GetString()!) : [];
}
