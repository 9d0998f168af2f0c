namespace Router.Core.Destinations;

/// <summary>
/// How much of a lead the filters of all its destinations look at together, however many they are: others' leads wait meanwhile. One filter
/// alone is always decided; for a lead that isn't large, all of them take less than a tenth of a second.
/// </summary>
/// <param name="length">The lead's, in bytes.</param>
internal sealed class FilterWork(int length)
{
    // Characters, each as often as there are values that may begin at it. The least: a hundred filters of three conditions with ten values
    // each on notes of 1,000 characters. The most: a little more than one filter can take.
    private const long Least = 4_000_000, Most = 30_000_000;

    // Ten conditions of fifty values, and what it takes to find their fields.
    private const long OfByte = 10 * (50 + 10);

    // What looking at a text costs besides its characters.
    private const int OfText = 64;

    // What a look at a name costs that isn't the one: it may have to be made readable first.
    private const int OfName = 16;

    private long _left = Math.Clamp(length * OfByte, Least, Most);

    /// <summary>Whether nothing more is looked at.</summary>
    public bool IsUsedUp => _left < 0;

    /// <summary>Whether a text may still be looked at.</summary>
    /// <param name="length">Its length as JSON: all of it is read.</param>
    /// <param name="compared">How much of it is compared.</param>
    /// <param name="values">With how many values it is compared at each character.</param>
    public bool Spend(int length, int compared, int values) => (_left -= length + ((long)compared * values) + OfText) >= 0;

    /// <summary>Whether what was found may be looked at, after so many names.</summary>
    public bool SpendOnNames(int looks) => (_left -= (long)looks * OfName) >= 0;
}
