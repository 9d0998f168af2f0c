using System.Buffers;
using System.Collections.Frozen;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.RegularExpressions;
using Fluid;
using Fluid.Values;

namespace Router.Core.Mapping;

/// <summary>
/// Text of a template that is printed as it is, having been escaped already: what a <c>capture</c> keeps, and what <c>json</c> makes.
/// Fluid's filters work on the escaped characters, cut escapes in two and put other texts in between as they are; then a lead's text could
/// leave its quotes. So here they get what the text says, and what they make of that is escaped anew.
/// </summary>
internal static partial class EscapedText
{
    /// <summary>What a template prints stands between quotes of JSON: escaped, a lead's name can't end them.</summary>
    public static readonly JavaScriptEncoder Json = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    private static readonly SearchValues<char> Special =
        SearchValues.Create(['"', '\\', .. Enumerable.Range(0, ' ').Select(control => (char)control)]);

    /// <summary>What can be done to JSON that isn't a text, or to text with quotes in it, and leaves it whole.</summary>
    private static readonly FrozenSet<string> Harmless =
        FrozenSet.Create(StringComparer.Ordinal, "append", "prepend", "strip", "lstrip", "rstrip", "strip_newlines", "default");

    /// <summary>What an escaped text says, to be escaped when it is printed; any other value as it is.</summary>
    public static FluidValue Said(FluidValue value) =>
        value is StringValue { Encode: false } text && Unescaped(text.ToStringValue()) is { } said ? new StringValue(said) : value;

    /// <summary>A value as it is printed: a list as the text of its items, which Fluid would print without escaping it.</summary>
    public static FluidValue Printed(FluidValue value) =>
        value is ArrayValue ? new StringValue(value.ToStringValue()) : value;

    /// <summary>What a filter makes.</summary>
    public static async ValueTask<FluidValue> Filter(
        string name, FilterDelegate filter, FluidValue input, FilterArguments arguments, TemplateContext context)
    {
        if (name != "default")
            arguments = With(arguments, Said);
        input = Said(input);
        if (input is not StringValue { Encode: false } escaped)
            return await filter(input, arguments, context);

        if (Harmless.Contains(name))
            return await filter(input, name is "append" or "prepend" ? With(arguments, Encoded) : arguments, context);

        var json = escaped.ToStringValue();
        if (json is not ['"', .. var inner, '"'] || Unescaped(inner) is not { } said)
            return await filter(new StringValue(json), arguments, context);

        // JSON of a text: the filter is about the text.
        var made = await filter(new StringValue(said), arguments, context);
        return made is StringValue text ? new StringValue($"\"{Json.Encode(text.ToStringValue())}\"", encode: false) : made;
    }

    private static FluidValue Encoded(FluidValue value) =>
        value is StringValue { Encode: false } ? value : new StringValue(Json.Encode(value.ToStringValue()));

    private static FilterArguments With(FilterArguments arguments, Func<FluidValue, FluidValue> change)
    {
        if (arguments.Count == 0)
            return arguments;

        var changed = arguments.Values.Select(change).ToArray();
        // Fluid keeps those that are constants for the next time.
        return changed.SequenceEqual(arguments.Values, ReferenceEqualityComparer.Instance) ? arguments : new FilterArguments(changed);
    }

    /// <summary>Null where it can't stand between quotes: then it has quotes of its own, or lines of the template.</summary>
    private static string? Unescaped(string text) =>
        !text.AsSpan().ContainsAny(Special) ? text
        : !BetweenQuotes().IsMatch(text) ? null
        : Escape().Replace(text, escape => escape.Value[1] switch
        {
            'b' => "\b", 'f' => "\f", 'n' => "\n", 'r' => "\r", 't' => "\t",
            'u' => ((char)int.Parse(escape.ValueSpan[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)).ToString(),
            var itself => itself.ToString(),
        });

    [GeneratedRegex("""^(?:[^"\\\x00-\x1F]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*\z""", RegexOptions.NonBacktracking)]
    private static partial Regex BetweenQuotes();

    [GeneratedRegex("""\\(?:u[0-9A-Fa-f]{4}|.)""", RegexOptions.NonBacktracking)]
    private static partial Regex Escape();
}
