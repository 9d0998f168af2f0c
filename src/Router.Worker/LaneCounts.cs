using System.Collections.Concurrent;

namespace Router.Worker;

/// <summary>What came into each lane, counted where it comes in.</summary>
internal sealed class LaneCounts
{
    private readonly ConcurrentDictionary<string, LaneCount> _lanes = new(StringComparer.Ordinal);

    public LaneCount Of(string queue) => _lanes.GetOrAdd(queue, _ => new LaneCount());
}

/// <summary>The messages of one lane.</summary>
internal sealed class LaneCount
{
    private long _taken;
    private int _inHand;

    /// <summary>Ever.</summary>
    public long Taken => Volatile.Read(ref _taken);

    /// <summary>At present.</summary>
    public int InHand => Volatile.Read(ref _inHand);

    public void Begin()
    {
        Interlocked.Increment(ref _taken);
        Interlocked.Increment(ref _inHand);
    }

    public void End() => Interlocked.Decrement(ref _inHand);
}
