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

    private long _left = Most;

    /// <summary>Whether nothing more is looked at.</summary>
    public bool IsUsedUp => _left < 0;

    /// <summary>Whether a text may still be looked at.</summary>
    /// <param name="characters">Its length.</param>
    /// <param name="values">With how many values it is compared at each of them.</param>
    public bool Spend(int characters, int values) => (_left -= ((long)characters * values) + OfText) >= 0;
}
