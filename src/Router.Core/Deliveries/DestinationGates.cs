using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Polly;
using Polly.CircuitBreaker;
using Router.Core.Destinations;
using Router.Core.Leads;

namespace Router.Core.Deliveries;

/// <summary>
/// Keeps a slow or dead destination from costing the others anything: each has a limit of requests in flight and a breaker of
/// its own. What finds no room is deferred, and that isn't an attempt: at once where requests are slow, after a moment where they aren't.
/// Nor does a destination's backlog cost its own fresh leads anything: see <see cref="Places"/>.
/// </summary>
public sealed class DestinationGates(DestinationSender sender, IOptions<DeliveryOptions> options, TimeProvider time)
{
    // Each look costs three writes to the ledger, and a slow request may take up its place for long.
    private const int SlowDeferral = 5;

    private readonly ConcurrentDictionary<Guid, Gate> _gates = new();
    private int _slow;

    /// <summary>Sends, or gives null: no room, or the breaker is open.</summary>
    /// <param name="destination">Where to.</param>
    /// <param name="lead">The event.</param>
    /// <param name="body">The bytes to sign and send.</param>
    /// <param name="number">The attempt's number.</param>
    /// <param name="isRetry">Whether it comes from the retry lane: a failed one, a held or deferred one, or a replay.</param>
    /// <param name="patience">How long to wait for room.</param>
    public async Task<Attempt?> TrySend(Destination destination, LeadEvent lead, byte[] body, int number, bool isRetry, TimeSpan patience)
    {
        var gate = _gates.GetOrAdd(destination.Id, _ => new Gate(options.Value, time));
        if (gate.IsOpen(time.GetUtcNow()))
            return null;

        // So many are slow already that another one of a destination known to be slow would be one too many.
        if (gate.Slow > 0 && Volatile.Read(ref _slow) >= options.Value.MaxSlow)
            return null;
        var limit = destination.MaxInFlight ?? (destination.IsLeadManager ? options.Value.LeadManagerMaxInFlight : options.Value.MaxInFlight);
        // A destination that answers has room again in a moment, and a moment costs less than the way through the ledger. Where
        // a single request is slow already, nobody waits.
        var places = gate.Of(limit);
        if (!await places.Enter(isRetry, gate.Slow > 0 ? TimeSpan.Zero : patience))
            return null;

        try
        {
            return await gate.Send(new Sending(sender, destination, lead, body, number));
        }
        finally
        {
            places.Leave(isRetry);
        }
    }

    /// <summary>Whether a request to it is slow at present.</summary>
    public bool IsSlow(Guid destinationId) => _gates.TryGetValue(destinationId, out var gate) && Volatile.Read(ref gate.Slow) > 0;

    /// <summary>When to look again at what found no room: soon where requests are answered, later where they are slow or none is let through.</summary>
    public TimeSpan DeferDelay(Guid destinationId)
    {
        if (!_gates.TryGetValue(destinationId, out var gate))
            return options.Value.DeferDelay;
        var open = gate.OpenFor(time.GetUtcNow());
        var longer = Volatile.Read(ref gate.Slow) > 0 ? SlowDeferral * options.Value.DeferDelay : options.Value.DeferDelay;
        return open > longer ? open : longer;
    }

    /// <summary>Counts a request as slow until <paramref name="sending"/> ends.</summary>
    public async Task WhileSlow(Guid destinationId, Task sending)
    {
        var gate = _gates[destinationId];
        Interlocked.Increment(ref _slow);
        Interlocked.Increment(ref gate.Slow);
        try
        {
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            Interlocked.Decrement(ref gate.Slow);
            Interlocked.Decrement(ref _slow);
        }
    }

    private readonly record struct Sending(DestinationSender Sender, Destination Destination, LeadEvent Lead, byte[] Body, int Number)
    {
        public Task<Attempt> Make() => Sender.Send(Destination, Lead, Body, Number);
    }

    private sealed class Gate
    {
        private readonly Lock _lock = new();
        private readonly DeliveryOptions _options;
        private readonly TimeSpan _comeback;
        private readonly TimeProvider _time;
        private volatile Places _places;

        // Made when a request got no answer for the first time: most destinations never need one, and there may be many thousands.
        private volatile ResiliencePipeline<Attempt>? _breaker;
        private long _openUntil;

        public int Slow;

        public Gate(DeliveryOptions options, TimeProvider time)
        {
            (_options, _time, _comeback) = (options, time, 2 * (options.DeferDelay + options.DueInterval));
            _places = new Places(options.MaxInFlight, _comeback, time);
        }

        /// <summary>Sends, through the breaker if there is one; null when that is open, or another request is its probe.</summary>
        public async ValueTask<Attempt?> Send(Sending sending)
        {
            if (_breaker is { } breaker)
                return await Through(breaker, sending);

            var attempt = await sending.Make();
            if (GotNoAnswer(attempt))
            {
                lock (_lock)
                    _breaker ??= NewBreaker();
            }

            return attempt;
        }

        private static async ValueTask<Attempt?> Through(ResiliencePipeline<Attempt> breaker, Sending sending)
        {
            // The form that takes its state along and hands exceptions over as values.
            var context = ResilienceContextPool.Shared.Get();
            try
            {
                var outcome = await breaker.ExecuteOutcomeAsync(static async (_, it) => Polly.Outcome.FromResult(await it.Make()), context, sending);
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
        private static bool GotNoAnswer(Attempt? attempt) => attempt?.Answer.Error is not null;

        private ResiliencePipeline<Attempt> NewBreaker() => new ResiliencePipelineBuilder<Attempt> { TimeProvider = _time }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<Attempt>
            {
                ShouldHandle = arguments => ValueTask.FromResult(GotNoAnswer(arguments.Outcome.Result)),
                FailureRatio = 0.9,
                MinimumThroughput = _options.BreakerThroughput,
                SamplingDuration = TimeSpan.FromSeconds(30),
                BreakDuration = _options.BreakerPause,
                OnOpened = opened =>
                {
                    Volatile.Write(ref _openUntil, (_time.GetUtcNow() + opened.BreakDuration).UtcTicks);
                    return default;
                },
            })
            .Build();

        /// <summary>Known without asking the breaker, which says no by an exception: under load that would be thousands.</summary>
        public bool IsOpen(DateTimeOffset now) => OpenFor(now) > TimeSpan.Zero;

        /// <summary>How long it will let nothing through; negative when it does.</summary>
        public TimeSpan OpenFor(DateTimeOffset now) => TimeSpan.FromTicks(Volatile.Read(ref _openUntil) - now.UtcTicks);

        /// <summary>The places of that limit. When an owner changes it, what is in flight leaves by the old ones.</summary>
        public Places Of(int limit)
        {
            if (_places.Limit == limit)
                return _places;

            lock (_lock)
            {
                if (_places.Limit != limit)
                    _places = new Places(limit, _comeback, _time);
                return _places;
            }
        }
    }
}
