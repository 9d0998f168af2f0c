using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>A receiver of a test's own that lets requests wait, and counts those that do.</summary>
internal sealed class HangingReceiver : IAsyncDisposable
{
    private readonly Receiver _receiver;
    private volatile TaskCompletionSource _answers = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _inFlight;
    private int _most;
    private int _ended;

    private HangingReceiver(Receiver receiver) => _receiver = receiver;

    /// <summary>One path for all of its destinations.</summary>
    public string Url => new Uri(_receiver.Url, "/hangs").AbsoluteUri;

    /// <summary>Leads that wait for an answer.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>How many waited at a time at most.</summary>
    public int Most => Volatile.Read(ref _most);

    /// <summary>How many leads were answered.</summary>
    public int Ended => Volatile.Read(ref _ended);

    public static async Task<HangingReceiver> Start(bool hangs = true)
    {
        var receiver = new HangingReceiver(await Receiver.Start());
        if (!hangs)
            receiver._answers.SetResult();
        receiver._receiver.Answer("/hangs", (_, request) => receiver.Take(request));
        return receiver;
    }

    /// <summary>From now on; and counts anew.</summary>
    public void Hang()
    {
        _answers = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _most = 0;
    }

    public void LetGo() => _answers.TrySetResult();

    public ValueTask DisposeAsync()
    {
        LetGo();
        return _receiver.DisposeAsync();
    }

    private async Task Take(Received request)
    {
        // News of a destination's switch come to inactive ones, too, and are no leads.
        if (request.Action.StartsWith("integration_", StringComparison.Ordinal))
            return;

        var now = Interlocked.Increment(ref _inFlight);
        for (int most; now > (most = Volatile.Read(ref _most)) && Interlocked.CompareExchange(ref _most, now, most) != most;)
        {
        }

        await _answers.Task;
        Interlocked.Decrement(ref _inFlight);
        Interlocked.Increment(ref _ended);
    }
}
