using System.Collections.Concurrent;

namespace Router.Core.Mapping;

/// <summary>What is made of texts, kept for the next time, up to a size of all together: then all is forgotten and made anew.</summary>
/// <param name="most">The most.</param>
/// <param name="make">Makes it. More than once where several ask at a time.</param>
/// <param name="size">How much of <paramref name="most"/> it takes.</param>
internal sealed class KeptByText<T>(long most, Func<string, T> make, Func<string, T, long> size)
{
    private readonly ConcurrentDictionary<string, T> _kept = new(StringComparer.Ordinal);
    private readonly Lock _change = new();
    private long _size;

    /// <summary>How much it takes up.</summary>
    public long Size => Volatile.Read(ref _size);

    /// <summary>What is made of that text.</summary>
    public T Of(string text)
    {
        if (_kept.TryGetValue(text, out var known))
            return known;

        var made = make(text);
        var needed = size(text, made);
        lock (_change)
        {
            if (needed > most || _kept.ContainsKey(text))
                return made;

            if (_size + needed > most)
            {
                _kept.Clear();
                _size = 0;
            }

            _kept[text] = made;
            _size += needed;
        }

        return made;
    }
}
