using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Router.Core.Leads.Validation;

/// <summary>The types that the contract gives to fields. Anything that a source allows passes.</summary>
public enum FieldType
{
    /// <summary>Any string.</summary>
    Text,

    /// <summary>Something like a mail address.</summary>
    Email,

    /// <summary>With or without hyphens.</summary>
    Uuid,

    /// <summary>ISO 8601.</summary>
    Timestamp,

    /// <summary>What a lead wants: Buyer, Seller, Buyer and Seller, Renter.</summary>
    SenderRole,

    /// <summary>agent or lender.</summary>
    ActivityRole,

    /// <summary>Agent or Lender.</summary>
    UserRole,

    /// <summary>A list of strings.</summary>
    TextList,

    /// <summary>A whole number, also as a string.</summary>
    Integer,

    /// <summary>A number, also as a string.</summary>
    Float,

    /// <summary>A number with optional decimals, usually as a string.</summary>
    Price,

    /// <summary>true or false.</summary>
    Boolean,

    /// <summary>A list of activities.</summary>
    Activities,

    /// <summary>A property.</summary>
    Property,

    /// <summary>A user.</summary>
    User,
}

internal static partial class FieldTypes
{
    /// <summary>What is wrong with <paramref name="value"/>, or null when nothing is. Null and "" mean: not given.</summary>
    public static string? Complaint(FieldType type, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String when JsonText.Of(value) is { Length: 0 } => TakesText(type) ? null : Expectation(type),
        _ => IsValid(type, value) ? null : Expectation(type),
    };

    // A list or an object can't be spelled as an empty string; everything else can be left empty by a form.
    private static bool TakesText(FieldType type) =>
        type is not (FieldType.TextList or FieldType.Activities or FieldType.Property or FieldType.User);

    private static bool IsValid(FieldType type, JsonElement value) => type switch
    {
        FieldType.Text => value.ValueKind is JsonValueKind.String,
        FieldType.Email => value.ValueKind is JsonValueKind.String && IsEmail(JsonText.Of(value).AsSpan().Trim()),
        FieldType.Uuid => value.ValueKind is JsonValueKind.String && Uuids.TryParse(JsonText.Of(value), out _),
        FieldType.Timestamp => value.ValueKind is JsonValueKind.String && IsTimestamp(JsonText.Of(value)),
        FieldType.SenderRole => IsOneOf(value, "Buyer", "Seller", "Buyer and Seller", "Renter"),
        FieldType.ActivityRole => IsOneOf(value, "agent", "lender"),
        FieldType.UserRole => IsOneOf(value, "Agent", "Lender"),
        FieldType.TextList => value.ValueKind is JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind is JsonValueKind.String),
        FieldType.Integer => Integer().IsMatch(Spelling(value)),
        FieldType.Float => Float().IsMatch(Spelling(value)),
        FieldType.Price => value.ValueKind is JsonValueKind.Number || Price().IsMatch(Spelling(value)),
        FieldType.Boolean => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        FieldType.Activities => value.ValueKind is JsonValueKind.Array,
        _ => value.ValueKind is JsonValueKind.Object,
    };

    private static string Expectation(FieldType type) => type switch
    {
        FieldType.Text => "is not a valid string",
        FieldType.Email => "is not a valid email address",
        FieldType.Uuid => "is not a valid UUID",
        FieldType.Timestamp => "is not a valid ISO 8601 date and time",
        FieldType.SenderRole => "is not one of Buyer, Seller, Buyer and Seller, Renter",
        FieldType.ActivityRole => "is not one of agent, lender",
        FieldType.UserRole => "is not one of Agent, Lender",
        FieldType.TextList => "is not a valid list of strings",
        FieldType.Integer => "is not a valid integer",
        FieldType.Float => "is not a valid float",
        FieldType.Price => "is not a valid number with optional decimals",
        FieldType.Boolean => "is not a valid boolean",
        FieldType.Activities => "is not a valid list of activities",
        _ => "is not a valid object",
    };

    /// <summary>A number and a string of the same digits are the same to a field.</summary>
    private static string Spelling(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => value.GetRawText(),
        JsonValueKind.String => JsonText.Of(value).Trim(),
        _ => "no number",
    };

    private static bool IsOneOf(JsonElement value, params ReadOnlySpan<string> allowed) =>
        value.ValueKind is JsonValueKind.String && allowed.Contains(JsonText.Of(value));

    // Deliberately loose: whether a mailbox exists is the receiver's question, and a lead refused is a lead lost.
    private static bool IsEmail(ReadOnlySpan<char> text)
    {
        var at = text.LastIndexOf('@');
        return at > 0 && at < text.Length - 1 && !text.ContainsAny(" \t\r\n\0");
    }

    private static bool IsTimestamp(string text)
    {
        if (!IsoShape().IsMatch(text))
            return false;

        // The shape allows any two digits; a thirtieth of February is no date.
        return text[4] == '-'
            ? DateOnly.TryParseExact(text.AsSpan(0, 10), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _)
            : DateOnly.TryParseExact(text.AsSpan(0, 8), "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);
    }

    // One engine step per character, no backtracking: the text is a stranger's.
    [GeneratedRegex(@"^(\d{4}-\d{2}-\d{2}|\d{8})([Tt ]([01]\d|2[0-4]):?[0-5]\d(:?([0-5]\d|60)([.,]\d{1,18})?)?([Zz]| ?[+-]\d{2}(:?\d{2})?)?)?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 100)]
    private static partial Regex IsoShape();

    [GeneratedRegex(@"^[+-]?\d{1,18}(\.0{1,18})?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 100)]
    private static partial Regex Integer();

    [GeneratedRegex(@"^[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,3})?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 100)]
    private static partial Regex Float();

    [GeneratedRegex(@"^[+-]?\d{1,40}(\.\d{0,40})?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 100)]
    private static partial Regex Price();
}
