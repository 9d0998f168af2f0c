using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Router.Core.Leads.Validation;

/// <summary>The types that the contract gives to fields. Anything that a source allows passes.</summary>
public enum FieldType
{
    /// <summary>Any string, or a number.</summary>
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

    /// <summary>A list of strings or numbers.</summary>
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
    /// <summary>What is wrong with <paramref name="value"/>, or null when nothing is. What isn't given can't be wrong.</summary>
    public static string? Complaint(FieldType type, JsonElement value) =>
        !JsonText.IsGiven(value) || IsValid(type, value) ? null : Expectation(type);

    private static bool IsValid(FieldType type, JsonElement value) => type switch
    {
        FieldType.Text => IsText(value),
        FieldType.Email => value.ValueKind is JsonValueKind.String && IsEmail(JsonText.Of(value).AsSpan().Trim()),
        FieldType.Uuid => Uuids.TryParse(JsonText.Spelling(value), out _),
        FieldType.Timestamp => IsTimestamp(value.ValueKind is JsonValueKind.String ? JsonText.Of(value) : JsonText.Spelling(value)),
        FieldType.SenderRole => IsOneOf(value, "Buyer", "Seller", "Buyer and Seller", "Renter"),
        FieldType.ActivityRole => IsOneOf(value, "agent", "lender"),
        FieldType.UserRole => IsOneOf(value, "Agent", "Lender"),
        FieldType.TextList =>
            value.ValueKind is JsonValueKind.Array && value.EnumerateArray().All(item => !JsonText.IsGiven(item) || IsText(item)),
        FieldType.Integer => Integer().IsMatch(JsonText.Spelling(value)),
        FieldType.Float => Float().IsMatch(JsonText.Spelling(value)),
        FieldType.Price => value.ValueKind is JsonValueKind.Number || Price().IsMatch(JsonText.Spelling(value)),
        FieldType.Boolean => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        FieldType.Activities => value.ValueKind is JsonValueKind.Array,
        _ => value.ValueKind is JsonValueKind.Object,
    };

    // Connectors that parse their values as JSON send "zip": 96815.
    private static bool IsText(JsonElement value) => value.ValueKind is JsonValueKind.String or JsonValueKind.Number;

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

    // One engine step per character, no backtracking: the text is a stranger's. \z: $ would also match before a line break at the end.
    [GeneratedRegex(
        @"^([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8})"
        + @"([Tt ](([01][0-9]|2[0-3]):?[0-5][0-9](:?([0-5][0-9]|60)([.,][0-9]{1,18})?)?|24:?00(:?00([.,]0{1,18})?)?)"
        + @"([Zz]| ?[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?)?\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, Timeout.Infinite)]
    private static partial Regex IsoShape();

    [GeneratedRegex(@"^[+-]?[0-9]{1,18}(\.0{1,18})?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, Timeout.Infinite)]
    private static partial Regex Integer();

    [GeneratedRegex(@"^[+-]?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})([eE][+-]?[0-9]{1,3})?\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, Timeout.Infinite)]
    private static partial Regex Float();

    [GeneratedRegex(@"^[+-]?[0-9]{1,40}(\.[0-9]{0,40})?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, Timeout.Infinite)]
    private static partial Regex Price();
}
