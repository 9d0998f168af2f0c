using RabbitMQ.Client;

namespace Router.Worker;

/// <summary>
/// For how long a lane has taken nothing though it should: nobody at all consumes its queue, or messages wait in it while this worker has
/// room and gets none of them.
/// </summary>
internal sealed class LaneDeafness(string queue, int limit, LaneCount count, TimeProvider time)
{
    private long _taken = -1;
    private long? _since;

    public string Queue => queue;

    public bool IsDeaf => _since is not null;

    /// <summary>Zero while all is well.</summary>
    public TimeSpan Look(QueueDeclareOk now)
    {
        var taken = count.Taken;
        var isDeaf = now.ConsumerCount == 0 || (now.MessageCount > 0 && taken == _taken && count.InHand < limit);
        _taken = taken;
        if (!isDeaf)
            _since = null;
        else
            _since ??= time.GetTimestamp();
        return _since is { } since ? time.GetElapsedTime(since) + TimeSpan.FromTicks(1) : TimeSpan.Zero;
    }

    /// <summary>Begins anew.</summary>
    public void Forget() => _since = null;
}
