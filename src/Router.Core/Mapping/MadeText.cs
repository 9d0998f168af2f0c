using System.Text;
using Fluid;
using Fluid.Values;

namespace Router.Core.Mapping;

/// <summary>
/// What a template makes, and how much that is so far: its output, its variables, and what its filters work on. And the work that it has
/// made by reading.
/// </summary>
internal sealed class MadeText : TextWriter
{
    /// <summary>Where a template's context has it.</summary>
    public const string Key = "made";

    // A tenth of a second.
    private const long MostWork = 20_000_000;

    private readonly StringBuilder _text = new();
    private long _charged;
    private long _work;

    /// <inheritdoc/>
    public override Encoding Encoding => Encoding.UTF8;

    /// <summary>That of a template which is being rendered.</summary>
    public static MadeText Of(TemplateContext context) => (MadeText)context.AmbientValues[Key];

    /// <summary>Counts a value that a template keeps.</summary>
    public static FluidValue Charge(TemplateContext context, FluidValue value)
    {
        Of(context).Charge(LengthOf(value));
        return value;
    }

    /// <summary>Characters of a value; of a list, those of all its items and one for each of them.</summary>
    public static int LengthOf(FluidValue value) => value switch
    {
        StringValue text => text.ToStringValue().Length,
        ArrayValue list => list.Values.Sum(item => 1 + LengthOf(item)),
        DictionaryValue map => LiquidValues.Fields(map).Sum(field => 1 + field.Key.Length + LengthOf(field.Value)),
        _ => 16,
    };

    /// <summary>Items of a list.</summary>
    public static int CountOf(FluidValue value) => value is ArrayValue list ? list.Values.Count : 1;

    /// <summary>Counts characters.</summary>
    /// <exception cref="MappingException">They are too many.</exception>
    public void Charge(long characters)
    {
        _charged += characters;
        if (_charged > LiquidTemplate.MostMade)
            throw new MappingException($"The template makes more than {LiquidTemplate.MostMade:N0} characters.");
    }

    /// <summary>Counts characters that are read.</summary>
    /// <exception cref="MappingException">They are too many.</exception>
    public void Work(long characters)
    {
        _work += characters;
        if (_work > MostWork)
            throw new MappingException("The template does too much: it reads long texts or lists too often.");
    }

    /// <summary>Counts the search for a text in another one: in the worst case, at each place almost all of it is compared.</summary>
    /// <inheritdoc cref="Work" path="/exception"/>
    public void WorkOfSearch(long whole, long part) => Work(whole + whole * part / 16);

    /// <inheritdoc/>
    public override void Write(char value)
    {
        Charge(1);
        _text.Append(value);
    }

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<char> buffer)
    {
        Charge(buffer.Length);
        _text.Append(buffer);
    }

    /// <inheritdoc/>
    public override void Write(string? value) => Write(value.AsSpan());

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();
}
