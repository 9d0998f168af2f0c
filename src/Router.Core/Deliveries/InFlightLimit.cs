namespace Router.Core.Deliveries;

/// <summary>
/// The places at one destination: its requests in flight. Fresh leads go first; retries and a backlog yield to them and take what those
/// leave: a quarter of the places while fresh leads are there, otherwise all but one. But they are never left out: while none of them has a
/// place, the next one that is free is theirs.
/// </summary>
/// <param name="limit">How many there are.</param>
/// <param name="comeback">How long a place is kept for those that yield when one was turned away: until it is back from the ledger.</param>
/// <param name="time">The clock.</param>
internal sealed class InFlightLimit(int limit, TimeSpan comeback, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource> _freshWaiting = new();
    private readonly LinkedList<TaskCompletionSource> _yieldingWaiting = new();
    private int _fresh;
    private int _yielding;
    private long _keptUntil;

    public int Limit => limit;

    public int Taken
    {
        get
        {
            lock (_lock)
                return _fresh + _yielding;
        }
    }

    /// <summary>Takes a place, after a wait if need be; false when none became free. Who has one must <see cref="Leave"/>.</summary>
    public ValueTask<bool> Enter(bool yields, TimeSpan patience)
    {
        LinkedListNode<TaskCompletionSource> waiting;
        lock (_lock)
        {
            if (IsFree(yields))
            {
                Take(yields);
                return ValueTask.FromResult(true);
            }

            if (patience == TimeSpan.Zero)
            {
                TurnAway(yields);
                return ValueTask.FromResult(false);
            }

            waiting = (yields ? _yieldingWaiting : _freshWaiting)
                .AddLast(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        return new ValueTask<bool>(Wait(waiting, yields, patience));
    }

    public void Leave(bool yields)
    {
        lock (_lock)
        {
            if (yields)
                _yielding--;
            else
                _fresh--;
            Admit();
        }
    }

    private async Task<bool> Wait(LinkedListNode<TaskCompletionSource> waiting, bool yields, TimeSpan patience)
    {
        await waiting.Value.Task.WaitAsync(patience, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
        {
            // Possibly at the last moment.
            if (waiting.List is not { } queue)
                return true;

            queue.Remove(waiting);
            TurnAway(yields);
            // With one fresh lead less waiting, they may have more.
            Admit();
            return false;
        }
    }

    private void Admit()
    {
        while (true)
        {
            var yields = _yieldingWaiting.Count > 0 && (_yielding == 0 || _freshWaiting.Count == 0);
            var queue = yields ? _yieldingWaiting : _freshWaiting;
            if (queue.First is not { } first || !IsFree(yields))
                return;

            Take(yields);
            queue.RemoveFirst();
            first.Value.SetResult();
        }
    }

    private bool IsFree(bool yields)
    {
        var free = limit - _fresh - _yielding;
        if (yields)
            return free > 0 && _yielding < Math.Max(1, _fresh > 0 || _freshWaiting.Count > 0 ? limit / 4 : limit - 1);

        return free > 1 || free == 1 && (_keptUntil == 0 || time.GetUtcNow().UtcTicks >= _keptUntil);
    }

    private void Take(bool yields)
    {
        if (yields)
            (_yielding, _keptUntil) = (_yielding + 1, 0);
        else
            _fresh++;
    }

    private void TurnAway(bool yields)
    {
        if (yields && _yielding == 0)
            _keptUntil = (time.GetUtcNow() + comeback).UtcTicks;
    }
}
