using System.Globalization;
using System.Text.Json.Nodes;

namespace Router.Cli.Configuration;

/// <summary>Two spellings of the same setting are one: absent and null, 5 and 5.0, a default and nothing.</summary>
internal static class Canonical
{
    private static readonly Dictionary<string, string> Defaults = new(StringComparer.Ordinal)
    {
        ["all"] = "true", ["missing"] = "true", ["body"] = "\"json\"", ["separator"] = "\" \"", ["client_auth"] = "\"client_secret_basic\"",
    };

    /// <summary>Whether a field says the same here and there.</summary>
    public static bool AreSame(string field, JsonNode? wanted, JsonNode? present) => Of(field, wanted) == Of(field, present);

    /// <summary>Whether that is what it is anyway.</summary>
    public static bool IsUnset(string field, JsonNode? value) => Of(field, value) == Of(field, null);

    private static string Of(string field, JsonNode? value)
    {
        var text = field switch
        {
            "domain" => Host(value),
            "actions" when value is JsonArray actions => Sorted(actions),
            _ => Text(value, isFree: false),
        };
        var unset = Shapes.Unset(field);
        return unset is not null && field != "actions" && text == Text(unset, isFree: false) || text == AllActions(field) ? "" : text;
    }

    private static string? AllActions(string field) => field == "actions" ? Sorted(Shapes.Unset(field)!.AsArray()) : null;

    private static string Sorted(JsonArray words) => string.Join(',', words.Select(word => $"{word}").Order(StringComparer.Ordinal));

    /// <param name="value">A value.</param>
    /// <param name="isFree">Whether it is an example of somebody else's JSON, which has no defaults.</param>
    private static string Text(JsonNode? value, bool isFree) => value switch
    {
        null => "",
        JsonObject fields => $"{{{string.Join(',', fields
            .Select(field => (field.Key, Value: Text(field.Value, isFree || field.Key is "event" or "expected")))
            .Where(field => isFree || (field.Value.Length > 0 && Defaults.GetValueOrDefault(field.Key) != field.Value))
            .OrderBy(field => field.Key, StringComparer.Ordinal).Select(field => $"\"{field.Key}\":{field.Value}"))}}}",
        JsonArray items => $"[{string.Join(',', items.Select(item => Text(item, isFree)))}]",
        JsonValue scalar when scalar.GetValueKind() is System.Text.Json.JsonValueKind.Number =>
            decimal.Parse(scalar.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture)
                .ToString("0.############", CultureInfo.InvariantCulture),
        _ => value.ToJsonString(),
    };

    // The API takes a URL, and keeps its host.
    private static string Host(JsonNode? value)
    {
        var text = $"{value}".Trim();
        return Uri.TryCreate(text.Contains("://", StringComparison.Ordinal) ? text : $"http://{text}", UriKind.Absolute, out var url)
            ? url.IdnHost.TrimEnd('.').ToLowerInvariant() : text;
    }
}
