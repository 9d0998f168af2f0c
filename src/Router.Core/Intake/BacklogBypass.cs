namespace Router.Core.Intake;

/// <summary>
/// Whether fresh events go past a backlog, by what waits in both queues. Only past one that shrinks: one that grows means that workers are
/// away, wait for Postgres, or are outrun, and two queues would have a backlog each. Pure but for what it remembers of the look before.
/// </summary>
public sealed class BacklogBypass
{
    // A fraction of a second's work: while workers keep up, hardly anything waits.
    private const uint Backlog = 1000;
    private const uint Over = 100;

    // With as many waiting it is no way past a backlog, but a second one: more leads come than workers can take, or workers wait for
    // Postgres.
    private const uint SecondBacklog = 500;

    private volatile bool _isOpen;
    private uint _waited;

    /// <summary>Whether fresh events go past. Closed until a look says otherwise.</summary>
    public bool IsOpen => _isOpen;

    /// <summary>
    /// Whether there is a backlog that events went past. While workers are outrun, the way past it opens and closes many times.
    /// </summary>
    public bool IsBacklog { get; private set; }

    /// <summary>A look at the queues.</summary>
    /// <param name="waiting">Messages in the one that everything goes to otherwise.</param>
    /// <param name="freshWaiting">Messages in the one for fresh events.</param>
    /// <param name="freshConsumers">Who takes from that one.</param>
    public void Look(uint waiting, uint freshWaiting, uint freshConsumers)
    {
        _isOpen = waiting >= (IsBacklog ? Over : Backlog) && (_isOpen || waiting < _waited)
            && freshConsumers > 0 && freshWaiting < SecondBacklog;
        _waited = waiting;
        IsBacklog = _isOpen || IsBacklog && waiting >= Over;
    }

    /// <summary>Nobody can look: there is one way.</summary>
    public void Close() => _isOpen = false;
}
