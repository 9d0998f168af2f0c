namespace Router.Core.Destinations;

/// <summary>
/// How much of a lead the filters of all its destinations look at together. One filter may take a fifth of a second; a hundred of them
/// must not take a hundred times as long.
/// </summary>
internal sealed class FilterWork
{
    /// <summary>Characters, each as often as there are values that may begin at it: more than twice what one filter can take.</summary>
    internal const long Most = 60_000_000;

    // What looking at a text costs besides its characters.
    private const int OfText = 64;

    // What a look at a name costs that isn't the one: it may have to be made readable first.
    private const int OfName = 16;

    private long _left = Most;

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
