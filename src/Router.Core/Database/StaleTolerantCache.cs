using System.Collections.Concurrent;

namespace Router.Core.Database;

/// <summary>
/// A cache that never forgets: what was read once is answered without a query until a change is announced
/// (<see cref="Invalidate"/>), and during a database outage it answers with what it last knew.
/// </summary>
/// <param name="load">Reads one key from the database; null when there is nothing.</param>
/// <param name="time">The clock that ages values.</param>
/// <param name="maxAge">After that a value is read again in the background, in case an announcement was missed.</param>
internal sealed class StaleTolerantCache<TKey, TValue>(
    Func<TKey, CancellationToken, Task<TValue?>> load, TimeSpan maxAge, TimeProvider time)
    where TKey : notnull
    where TValue : class
{
    // Unknown keys are remembered too, so that guesses don't reach the database; strangers choose them, hence the bound.
    private const int MostUnknown = 10_000;

    // The sender gives up after two seconds: a database that hangs must not take longer than a part of that.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<TKey, Entry> _entries = new();
    private int _unknown;
    private long _announcements;

    /// <summary>The value, or null when the database says there is none.</summary>
    /// <exception cref="Npgsql.NpgsqlException">The database is away and the key was never read before.</exception>
    public ValueTask<TValue?> Get(TKey key, CancellationToken cancellationToken)
    {
        if (!_entries.TryGetValue(key, out var entry) || entry.Stale)
            return new ValueTask<TValue?>(Load(key, entry, cancellationToken));

        if (time.GetElapsedTime(entry.LoadedAt) > maxAge && entry.StartRefresh())
            _ = Refresh(key, entry);
        return new ValueTask<TValue?>(entry.Value);
    }

    /// <summary>The next <see cref="Get"/> of this key reads the database.</summary>
    public void Invalidate(TKey key)
    {
        Interlocked.Increment(ref _announcements);
        if (_entries.TryGetValue(key, out var entry))
            entry.Stale = true;
    }

    /// <summary>Announcements may have been missed: everything is read again at its next use.</summary>
    public void InvalidateAll()
    {
        Interlocked.Increment(ref _announcements);
        foreach (var entry in _entries.Values)
            entry.Stale = true;
    }

    private async Task<TValue?> Load(TKey key, Entry? last, CancellationToken cancellationToken)
    {
        if (last?.Value is null)
            return await Read(key, cancellationToken);

        try
        {
            // Left to run: its answer, should it come, is for the next one who asks.
            return await Read(key, CancellationToken.None).WaitAsync(Patience, time, cancellationToken);
        }
        catch (Exception outage) when (DatabaseAvailability.IsOutage(outage))
        {
            return last.Value;
        }
    }

    private async Task Refresh(TKey key, Entry entry)
    {
        try
        {
            await Read(key, CancellationToken.None);
        }
#pragma warning disable CA1031 // Nobody awaits it, and whatever it was, the next one must be allowed to try.
        catch (Exception)
        {
            entry.RefreshFailed(time.GetTimestamp());
        }
#pragma warning restore CA1031
    }

    private async Task<TValue?> Read(TKey key, CancellationToken cancellationToken)
    {
        var before = Volatile.Read(ref _announcements);
        var value = await load(key, cancellationToken);
        Remember(key, value, before);
        return value;
    }

    // An announcement that arrived while the query ran may be about what the query didn't see yet: read once more next time.
    private void Remember(TKey key, TValue? value, long announcementsBefore)
    {
        if (value is null && Interlocked.Increment(ref _unknown) > MostUnknown)
        {
            foreach (var (unknown, _) in _entries.Where(entry => entry.Value.Value is null))
                _entries.TryRemove(unknown, out _);
            Interlocked.Exchange(ref _unknown, 0);
        }

        var entry = new Entry(value, time.GetTimestamp());
        _entries[key] = entry;
        if (Volatile.Read(ref _announcements) != announcementsBefore)
            entry.Stale = true;
    }

    private sealed class Entry(TValue? value, long loadedAt)
    {
        private int _refreshing;
        private long _loadedAt = loadedAt;

        public TValue? Value { get; } = value;

        public long LoadedAt => Volatile.Read(ref _loadedAt);

        public volatile bool Stale;

        public bool StartRefresh() => Interlocked.Exchange(ref _refreshing, 1) == 0;

        public void RefreshFailed(long now)
        {
            Volatile.Write(ref _loadedAt, now);
            Volatile.Write(ref _refreshing, 0);
        }
    }
}
