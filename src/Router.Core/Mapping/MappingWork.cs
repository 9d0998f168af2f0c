using Fluid;
using Fluid.Values;

namespace Router.Core.Mapping;

/// <summary>
/// What a mapping has made and read so far, in characters: of one event, or of all the tests that are run with it. Bounded, so that no
/// mapping holds up a host.
/// </summary>
public sealed class MappingWork
{
    /// <summary>The most characters that are made, variables included.</summary>
    public const int MostMade = 2_000_000;

    /// <summary>What reading anything counts at least.</summary>
    internal const int OfRead = 10;

    // A fifth of a second, when all is at its worst.
    private const long MostRead = 10_000_000;

    // Should something have been counted too low. No honest mapping comes near, and a delivery that fails for it is tried again.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    private const string Key = "work";

    private readonly long _began = TimeProvider.System.GetTimestamp();
    private long _made;
    private long _read;

    /// <summary>Where a template counts.</summary>
    internal void Attach(TemplateContext context) => context.AmbientValues[Key] = this;

    /// <summary>That of a template which is being rendered.</summary>
    internal static MappingWork Of(TemplateContext context) => (MappingWork)context.AmbientValues[Key];

    /// <summary>
    /// Characters of a value; of a list or an object, those of all its items and some for each of them. Never fewer than it prints.
    /// </summary>
    internal static int LengthOf(FluidValue value) => value switch
    {
        StringValue text => text.ToStringValue().Length,
        ArrayValue list => list.Values.Sum(item => 1 + LengthOf(item)),
        DictionaryValue map => 10 + LiquidValues.Fields(map).Sum(field => 1 + field.Key.Length + LengthOf(field.Value)),
        NumberValue or BooleanValue or NilValue => 16,
        _ => 16 + value.ToStringValue().Length,
    };

    /// <summary>Items of a list, or of an object.</summary>
    internal static int CountOf(FluidValue value) => value switch
    {
        ArrayValue list => list.Values.Count,
        DictionaryValue map => LiquidValues.Fields(map).Count(),
        _ => 1,
    };

    /// <summary>Counts characters that are made.</summary>
    /// <exception cref="MappingException">They are too many.</exception>
    internal void Make(long characters)
    {
        EndInTime();
        _made += characters;
        if (_made > MostMade)
            throw new MappingException($"It makes more than {MostMade:N0} characters.");
    }

    /// <summary>Counts characters that are read.</summary>
    /// <exception cref="MappingException">They are too many.</exception>
    internal void Read(long characters)
    {
        EndInTime();
        _read += characters;
        if (_read > MostRead)
            throw new MappingException("The template does too much: it reads long texts or lists too often.");
    }

    /// <summary>
    /// Counts the search for something in something else. In the worst case, at each place of a text almost all of the other one is
    /// compared, many characters at a time; of a list each item.
    /// </summary>
    /// <inheritdoc cref="Read" path="/exception"/>
    internal void Search(FluidValue whole, FluidValue part)
    {
        long product = (long)LengthOf(whole) * LengthOf(part);
        Read(whole is StringValue ? product / 16 : product);
    }

    private void EndInTime()
    {
        if (TimeProvider.System.GetElapsedTime(_began) > Longest)
            throw new MappingException("The template takes too long.");
    }
}
