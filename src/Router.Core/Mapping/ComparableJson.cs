using System.Globalization;
using System.Text.Json;

namespace Router.Core.Mapping;

/// <summary>What is legal JSON and can't be compared, or not be stored: it has no one meaning, or none in .NET.</summary>
internal static class ComparableJson
{
    private const int LargestExponent = 1000;
    private const int MostShown = 100;

    private static readonly JsonSerializerOptions Deep = new() { MaxDepth = 256 };

    /// <summary>What can't be compared, as the end of a sentence; null for nothing.</summary>
    public static string? Problem(JsonElement json) => HalfCharacter(json) ?? Ambiguous(json);

    /// <summary>Half of a surrogate pair, which can't be stored; null for none.</summary>
    public static string? HalfCharacter(JsonElement json)
    {
        try
        {
            JsonSerializer.Serialize(json, Deep);
            return null;
        }
        catch (JsonException)
        {
            return "half of a character, such as \\ud800 without its other half";
        }
    }

    private static string? Ambiguous(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Number => HasFarExponent(json.GetRawText())
            ? $"a number that is too large or too small: {Cut(json.GetRawText())}" : null,
        JsonValueKind.Array => json.EnumerateArray().Select(Ambiguous).FirstOrDefault(problem => problem is not null),
        JsonValueKind.Object => Twice(json)
            ?? json.EnumerateObject().Select(field => Ambiguous(field.Value)).FirstOrDefault(problem => problem is not null),
        _ => null,
    };

    private static string? Twice(JsonElement json) => json.EnumerateObject().Select(field => field.Name)
        .GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(group => group.Skip(1).Any()) is { } twice
        ? $"a field twice: {Cut(twice.Key)}" : null;

    // Beyond 2^31 .NET doesn't compare.
    private static bool HasFarExponent(string number) =>
        number.AsSpan().IndexOfAny('e', 'E') is var at and >= 0
        && !(int.TryParse(number.AsSpan(at + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var exponent)
            && exponent is >= -LargestExponent and <= LargestExponent);

    private static string Cut(string text) => text.Length > MostShown ? $"{text[..MostShown]} …" : text;
}
