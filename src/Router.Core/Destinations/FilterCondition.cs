using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Router.Core.Leads;

namespace Router.Core.Destinations;

/// <summary>How a condition compares.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FilterOperator>))]
public enum FilterOperator
{
    /// <summary>Equal to one of the values, whatever the case.</summary>
    [JsonStringEnumMemberName("is")]
    Is,

    /// <summary>Has one of the values in it.</summary>
    [JsonStringEnumMemberName("contains")]
    Contains,

    /// <summary>Begins with one of the values.</summary>
    [JsonStringEnumMemberName("starts_with")]
    StartsWith,

    /// <summary>A number greater than the value, or equal to it.</summary>
    [JsonStringEnumMemberName("at_least")]
    AtLeast,

    /// <summary>A number less than the value, or equal to it.</summary>
    [JsonStringEnumMemberName("at_most")]
    AtMost,

    /// <summary>There, and not blank.</summary>
    [JsonStringEnumMemberName("exists")]
    Exists,
}

/// <summary>A condition about a field of a lead.</summary>
/// <param name="Field">
/// Its name; fields within fields by dots: <c>activities.property.list_price</c>. Of a list, one of its items is enough.
/// </param>
/// <param name="Operator">How it is compared.</param>
/// <param name="Values">With what; one of them is enough. None for <c>exists</c>.</param>
/// <param name="Missing">Whether a lead that hasn't the field is taken all the same; default true, never for <c>exists</c>.</param>
public sealed partial record FilterCondition(
    string Field, FilterOperator Operator, IReadOnlyList<string>? Values = null, bool Missing = true)
{
    /// <summary>
    /// The field that no lead brings along: <c>true</c> when another lead of the site, within 30 days, has the same e-mail address, or the
    /// same phone number and name; else <c>false</c>. A lead's own field of that name isn't looked at.
    /// </summary>
    public const string Duplicate = "duplicate";

    /// <summary>
    /// The most characters of a field that a condition looks at, of a list those of all its items together. Ten conditions of fifty long
    /// values that almost fit at each place take a fifth of a second for as many.
    /// </summary>
    internal const int MostCharacters = 50_000;

    private const int LongestValue = 200;
    private const int MostValues = 50;

    /// <summary>Why it can't be, as a sentence; null when it can.</summary>
    [JsonIgnore]
    public string? Problem =>
        Field is null || Field.Length > 100 || !Path().IsMatch(Field)
            ? "A condition needs a field of the lead: a name of letters, digits and underscores, for example source or activities.type."
        : IsAboutDuplicates && !(Operator is FilterOperator.Is && Values is [var value] && bool.TryParse(value, out _))
            ? "The condition on duplicate compares by is, and its value is true or false."
        : !Enum.IsDefined(Operator) ? $"The condition on {Field} has no known operator."
        : Operator is FilterOperator.Exists ? Values is { Count: > 0 } ? $"The condition that {Field} exists takes no value." : null
        : Values is not { Count: > 0 and <= MostValues } || Values.Any(string.IsNullOrWhiteSpace)
            ? $"The condition on {Field} needs a value, and {MostValues} at most."
        : Values.Any(value => value.Length > LongestValue)
            ? $"A value of the condition on {Field} is longer than {LongestValue} characters."
        : Operator is FilterOperator.AtLeast or FilterOperator.AtMost && (Values.Count > 1 || Number(Values[0]) is null)
            ? $"The condition on {Field} needs one number."
        : null;

    // Once for all leads.
    private readonly Lazy<string[]> _values = new(() => [.. (Values ?? []).Select(Folded)]);

    internal bool IsAboutDuplicates => string.Equals(Field, Duplicate, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a lead fits.</summary>
    /// <param name="lead">What came.</param>
    /// <param name="isDuplicate">Whether it is a duplicate; false where nobody knows.</param>
    /// <param name="work">What all filters of the lead have looked at together.</param>
    internal bool Takes(JsonElement lead, bool isDuplicate, FilterWork work)
    {
        if (IsAboutDuplicates)
            return isDuplicate == bool.Parse(Values![0]);

        var (isThere, left) = (false, MostCharacters);
        var found = JsonFields.At(lead, Field.Split('.'), out var looks);
        if (!work.SpendOnNames(looks))
            return false;

        foreach (var element in found)
        {
            var length = JsonFields.Length(element);
            if (!work.Spend(length, Math.Min(length, left), Operator is FilterOperator.Contains ? Values!.Count : 1))
                return false;

            var text = JsonFields.Text(element);
            if (text.Length == 0)
                continue;

            isThere = true;
            if (Fits(text.Length > left ? text[..left] : text, isWhole: text.Length <= left))
                return true;
            left -= Math.Min(left, text.Length);
            if (left == 0)
                break;
        }

        return !isThere && Missing && Operator is not FilterOperator.Exists;
    }

    private bool Fits(string text, bool isWhole) => Operator switch
    {
        FilterOperator.Exists => true,
        FilterOperator.Contains => Folded(text) is var all && _values.Value.Any(value => all.Contains(value, StringComparison.Ordinal)),
        FilterOperator.StartsWith => Folded(text) is var all && _values.Value.Any(value => all.StartsWith(value, StringComparison.Ordinal)),
        FilterOperator.Is or FilterOperator.AtLeast or FilterOperator.AtMost when !isWhole => false,
        FilterOperator.Is => _values.Value.Contains(Folded(text), StringComparer.Ordinal),
        FilterOperator.AtLeast => Number(text) >= Number(Values![0]),
        FilterOperator.AtMost => Number(text) <= Number(Values![0]),
    };

    // Once for all comparisons: those that look at the case at each place are a hundred times as slow where texts aren't English.
    private static string Folded(string text) => text.Trim().ToUpperInvariant();

    // People write $450,000.
    private static decimal? Number(string text) =>
        decimal.TryParse(
            text.Trim().TrimStart('$').Replace(",", "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture,
            out var number) ? number : null;

    [GeneratedRegex(@"^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+){0,4}$", RegexOptions.NonBacktracking)]
    private static partial Regex Path();
}
