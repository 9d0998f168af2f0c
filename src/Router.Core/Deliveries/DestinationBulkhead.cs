using Polly;
using Polly.CircuitBreaker;
using Router.Core.Destinations;
using Router.Core.Leads;

namespace Router.Core.Deliveries;

/// <summary>One request to make.</summary>
internal readonly record struct Sending(
    DestinationSender Sender, Destination Destination, LeadEvent Lead, OutgoingContent Content, int Number)
{
    public Task<Attempt> Make() => Sender.Send(Destination, Lead, Content, Number);
}

/// <summary>
/// One destination: its limit of requests in flight, its breaker, how many of its requests are slow, and what it shares with others.
/// </summary>
internal sealed class DestinationBulkhead
{
    /// <summary>
    /// What finds no room where requests are slow comes back after so many times the usual delay: each look costs three writes
    /// to the ledger.
    /// </summary>
    public const int SlowDeferral = 5;

    private readonly Lock _lock = new();
    private readonly IsolationOptions _options;
    private readonly TimeSpan _comeback;
    private readonly TimeProvider _time;
    private volatile InFlightLimit _inFlight;

    // Made when a request is slow or gets no answer for the first time: most destinations never need one, and there may be many thousands.
    private volatile ResiliencePipeline<Attempt>? _breaker;
    private long _openUntil;
    private long _answeredAt;
    private volatile bool _gotNoAnswer;

    public int Slow;

    /// <summary>All of its site's.</summary>
    public SitePlaces Site { get; }

    /// <summary>What its requests take besides its own places; null for Lead Manager's, which wait for no other's.</summary>
    public SharedPlaces? Shared { get; set; }

    /// <summary>Whether its next request may well take as long as may be: one is slow at present, or the last got no answer.</summary>
    public bool IsSuspect => Volatile.Read(ref Slow) > 0 || _gotNoAnswer;

    /// <summary>Whether it answered lately, or is new.</summary>
    public bool IsAnswering => _time.GetElapsedTime(Volatile.Read(ref _answeredAt)) < _options.Patience / 4;

    public int InFlight => _inFlight.Taken;

    public bool IsStuck => Volatile.Read(ref Slow) > 0 && !IsAnswering;

    /// <param name="site">Its site's places.</param>
    /// <param name="options">The limits.</param>
    /// <param name="comeback">How long what found no room is away at most: in the ledger, and on its way back to the lane.</param>
    /// <param name="time">The clock.</param>
    public DestinationBulkhead(SitePlaces site, IsolationOptions options, TimeSpan comeback, TimeProvider time)
    {
        Site = site;
        (_options, _comeback, _time) = (options, comeback, time);
        _inFlight = new InFlightLimit(options.MaxInFlight, comeback, time);
        _answeredAt = time.GetTimestamp();
    }

    /// <summary>
    /// Sends, through the breaker if there is one; null when that is open, another request is its probe, or its host's name found no place
    /// to be looked up.
    /// </summary>
    public async ValueTask<Attempt?> Send(Sending sending)
    {
        var attempt = _breaker is { } breaker ? await Through(breaker, sending) : await sending.Make();
        if (attempt is { Answer.FoundNoRoom: true })
            return null;

        if (GotNoAnswer(attempt))
        {
            _gotNoAnswer = true;
            Watch();
        }
        else if (attempt is { Answer.Error: null })
        {
            _gotNoAnswer = false;
            Volatile.Write(ref _answeredAt, _time.GetTimestamp());
        }

        return attempt;
    }

    /// <summary>From now on there is a breaker: a request was slow, or got no answer.</summary>
    public void Watch()
    {
        if (_breaker is not null)
            return;
        lock (_lock)
            _breaker ??= NewBreaker();
    }

    private static async ValueTask<Attempt?> Through(ResiliencePipeline<Attempt> breaker, Sending sending)
    {
        // The form that takes its state along and hands exceptions over as values.
        var context = ResilienceContextPool.Shared.Get();
        try
        {
            var outcome = await breaker.ExecuteOutcomeAsync(
                static async (_, it) => Polly.Outcome.FromResult(await it.Make()), context, sending);
            if (outcome.Exception is not (null or BrokenCircuitException))
                outcome.ThrowIfException();
            return outcome.Result;
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    // Only what got no answer: a receiver that says 500 at once costs nobody anything, and has its retry schedule.
    // Nor does it count here what our own proxy is to blame for, which has a breaker of its own.
    private static bool GotNoAnswer(Attempt? attempt) => attempt?.Answer is { Error: not null, IsOfProxyItself: false, FoundNoRoom: false };

    private ResiliencePipeline<Attempt> NewBreaker()
    {
        var state = new CircuitBreakerStateProvider();
        return new ResiliencePipelineBuilder<Attempt> { TimeProvider = _time }.AddCircuitBreaker(BreakerOptions(state)).Build();
    }

    private CircuitBreakerStrategyOptions<Attempt> BreakerOptions(CircuitBreakerStateProvider state) => new()
    {
        // A probe that didn't reach the destination doesn't show that it is well.
        ShouldHandle = arguments => ValueTask.FromResult(GotNoAnswer(arguments.Outcome.Result)
            || state.CircuitState == CircuitState.HalfOpen && arguments.Outcome.Result is { Answer.Error: not null }),
        StateProvider = state,
        FailureRatio = 0.9,
        MinimumThroughput = _options.BreakerThroughput,
        SamplingDuration = TimeSpan.FromSeconds(30),
        BreakDuration = _options.BreakerPause,
        OnOpened = opened =>
        {
            Volatile.Write(ref _openUntil, (_time.GetUtcNow() + opened.BreakDuration).UtcTicks);
            return default;
        },
    };

    /// <summary>Known without asking the breaker, which says no by an exception: under load that would be thousands.</summary>
    public bool IsOpen(DateTimeOffset now) => OpenFor(now) > TimeSpan.Zero;

    /// <summary>How long it will let nothing through; negative when it does.</summary>
    public TimeSpan OpenFor(DateTimeOffset now) => TimeSpan.FromTicks(Volatile.Read(ref _openUntil) - now.UtcTicks);

    /// <summary>With that limit. When an owner changes it, what is in flight leaves by the old one.</summary>
    public InFlightLimit Of(int limit)
    {
        if (_inFlight.Limit == limit)
            return _inFlight;

        lock (_lock)
        {
            if (_inFlight.Limit != limit)
                _inFlight = new InFlightLimit(limit, _comeback, _time);
            return _inFlight;
        }
    }
}
