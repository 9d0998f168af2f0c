using System.Text.RegularExpressions;
using Fluid;
using Fluid.Values;

namespace Router.Core.Mapping;

/// <summary>
/// The filters that templates may use: those whose result is bounded by what goes in. Whatever could multiply is counted before it does.
/// </summary>
internal static partial class LiquidFilters
{
    private static readonly string[] Known =
    [
        "abs", "append", "at_least", "at_most", "capitalize", "ceil", "compact", "date", "default", "divided_by", "downcase", "first",
        "floor", "has", "join", "last", "lstrip", "map", "minus", "modulo", "plus", "prepend", "remove", "remove_first", "replace",
        "replace_first", "reverse", "round", "rstrip", "size", "slice", "split", "strip", "strip_newlines", "times", "truncate", "upcase",
        "url_encode", "where",
    ];

    /// <summary>Leaves just these, and adds <c>json</c> and <c>digits</c>.</summary>
    public static void Register(FilterCollection filters)
    {
        var known = Known.Select(name => (name, Filter: filters.TryGetValue(name, out var filter) ? filter
            : throw new InvalidOperationException($"There is no filter {name}."))).ToList();
        filters.Clear();
        foreach (var (name, filter) in known)
        {
            filters.AddFilter(name, (input, arguments, context) => EscapedText.Filter(name, Counted, input, arguments, context));

            ValueTask<FluidValue> Counted(FluidValue input, FilterArguments arguments, TemplateContext context)
            {
                var work = MappingWork.Of(context);
                work.Read(MappingWork.OfRead);
                work.Make(Cost(name, input, arguments));
                if (name is "replace" or "replace_first" or "remove" or "remove_first" or "split")
                    work.Search(new StringValue(input.ToStringValue()), arguments.At(0));
                // Each item is asked for the field of that name, and compared.
                if (name is "map" or "where" or "has")
                    work.Read(MappingWork.CountOf(input) * (MappingWork.OfRead + (long)Length(arguments.At(0)) + Length(arguments.At(1))));
                if (name == "date" && input is StringValue && !HasYear(input.ToStringValue()))
                    return NilValue.Instance;
                if (name == "date" && Width().IsMatch(arguments.At(0).ToStringValue()))
                    throw new MappingException("The template asks for a date with a part of more than two digits of width.");

                return filter(input, arguments, context);
            }
        }

        // Not escaped once more: what it makes is JSON, quotes included.
        filters.AddFilter("json", (input, _, context) =>
        {
            var json = LiquidValues.ToJson(EscapedText.Said(input));
            MappingWork.Of(context).Make(json.Length);
            return new StringValue(json, encode: false);
        });
        filters.AddFilter("digits", (input, _, context) =>
        {
            MappingWork.Of(context).Make(MappingWork.LengthOf(input));
            return new StringValue(string.Concat(EscapedText.Said(input).ToStringValue().Where(char.IsAsciiDigit)));
        });
    }

    /// <summary>Characters that the result may have.</summary>
    private static long Cost(string name, FluidValue input, FilterArguments arguments)
    {
        long length = MappingWork.LengthOf(input);
        return name switch
        {
            "replace" => length + (length / Math.Max(1, arguments.At(0).ToStringValue().Length)) * Length(arguments.At(1)),
            "join" => length + MappingWork.CountOf(input) * (long)Length(arguments.At(0)),
            // A part of two characters may be as wide as two digits say.
            "date" => length + 50 * Length(arguments.At(0)),
            // Each part is an object of its own.
            "split" => 32 * length,
            "reverse" when input is StringValue => 32 * length,
            "url_encode" => 9 * length,
            _ => length + Length(arguments.At(0)),
        };
    }

    // A format may pad each part to any width: %999999999Y makes gigabytes.
    [GeneratedRegex("%[^A-Za-z%]*[0-9]{3,}", RegexOptions.NonBacktracking)]
    private static partial Regex Width();

    // Fluid would take what is missing from the host's clock.
    private static bool HasYear(string text) => text is "now" or "today" || Year().IsMatch(text);

    // Four digits that are neither of a time nor of its offset; three numbers; a day, a month's name and a year.
    [GeneratedRegex(
        "(?:^|[ \\t,/])[0-9]{4}(?:[^0-9:]|$)|[0-9][-/.][0-9]{1,2}[-/.][0-9]|[0-9]-[A-Za-z]{3,9}-[0-9]{2,4}",
        RegexOptions.NonBacktracking)]
    private static partial Regex Year();

    private static int Length(FluidValue value) => value is NilValue ? 0 : MappingWork.LengthOf(value);
}
