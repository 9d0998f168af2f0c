using System.Globalization;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Router.Core.Leads;

namespace Router.Core.Mapping;

/// <summary>A row of a mapping's table: where a value comes from and what the receiver calls it.</summary>
/// <param name="To">
/// The receiver's name. Dots make objects and whole numbers make lists: <c>person.emails.0.value</c>. Of a form: the field's name.
/// </param>
/// <param name="From">
/// Our fields, by path: <c>activities.property.city</c>. Several are joined; what isn't there is left out. Of a list, the first item
/// that has it.
/// </param>
/// <param name="Value">A constant, instead of <paramref name="From"/>.</param>
/// <param name="Separator">Between joined fields; default a blank.</param>
/// <param name="Default">The value where none of the fields is there; without one the receiver's field is left out.</param>
public sealed partial record FieldMapping(
    string To, IReadOnlyList<string>? From = null, string? Value = null, string Separator = " ", string? Default = null)
{
    /// <summary>The most items of a list that rows make.</summary>
    internal const int MostItems = 20;

    private const int LongestText = 500;
    private const int MostJoined = 10;

    /// <summary>Why it can't be, as a sentence; null when it can.</summary>
    [JsonIgnore]
    public string? Problem =>
        To is null || !Target().IsMatch(To)
            ? "A row needs the receiver's name of the field: letters, digits, - and _, with dots between objects."
        : To.Split('.').Skip(1).Any(IsTooFar) ? $"{To}: a list has {MostItems} items at most, 0 to {MostItems - 1}."
        : From is { Count: > 0 } == (Value is not null) ? $"{To} needs either fields of ours or a constant."
        : From is { Count: > MostJoined } ? $"{To} can be joined from {MostJoined} fields at most."
        : From?.FirstOrDefault(path => path is null || !JsonFields.IsPath(path)) is { } path
            ? $"{To}: '{path}' is no field of ours, for example first_name or activities.property.city."
        : Separator is null || new[] { Value, Separator, Default }.Any(text => text?.Length > LongestText)
            ? $"A text of {To} is longer than {LongestText} characters."
        : null;

    private static bool IsTooFar(string part) =>
        part.All(char.IsAsciiDigit) && (part.Length > 2 || int.Parse(part, CultureInfo.InvariantCulture) >= MostItems);

    [GeneratedRegex(@"^[A-Za-z0-9_-]{1,80}(?:\.[A-Za-z0-9_-]{1,80}){0,5}$", RegexOptions.NonBacktracking)]
    private static partial Regex Target();
}
