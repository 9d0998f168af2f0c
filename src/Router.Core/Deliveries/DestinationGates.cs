using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Polly;
using Polly.CircuitBreaker;
using Router.Core.Destinations;
using Router.Core.Leads;

namespace Router.Core.Deliveries;

/// <summary>
/// Keeps a slow or dead destination from costing the others anything: each has a limit of requests in flight and a breaker of
/// its own. What finds no room isn't waited for: it is deferred, and that isn't an attempt.
/// </summary>
public sealed class DestinationGates(DestinationSender sender, IOptions<DeliveryOptions> options, TimeProvider time)
{
    private readonly ConcurrentDictionary<Guid, Gate> _gates = new();
    private int _slow;

    /// <summary>Sends, or gives null at once: no room, or the breaker is open.</summary>
    public async Task<Attempt?> TrySend(Destination destination, LeadEvent lead, byte[] body, int number)
    {
        var gate = _gates.GetOrAdd(destination.Id, _ => new Gate(options.Value, time));
        if (gate.IsOpen(time.GetUtcNow()))
            return null;

        // So many are slow already that another one of a destination known to be slow would be one too many.
        if (gate.Slow > 0 && Volatile.Read(ref _slow) >= options.Value.MaxSlow)
            return null;
        if (!gate.TryEnter(destination.MaxInFlight ?? (destination.IsLeadManager ? options.Value.LeadManagerMaxInFlight : options.Value.MaxInFlight)))
            return null;

        try
        {
            return await gate.Breaker.ExecuteAsync(async _ => await sender.Send(destination, lead, body, number));
        }
        catch (BrokenCircuitException)
        {
            // Another one is the breaker's probe.
            return null;
        }
        finally
        {
            gate.Leave();
        }
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

    private sealed class Gate
    {
        private int _inFlight;
        private long _openUntil;

        public int Slow;

        public Gate(DeliveryOptions options, TimeProvider time) =>
            Breaker = new ResiliencePipelineBuilder<Attempt> { TimeProvider = time }
                .AddCircuitBreaker(new CircuitBreakerStrategyOptions<Attempt>
                {
                    // Only what got no answer: a receiver that says 500 at once costs nobody anything, and has its retry schedule.
                    ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Result?.Answer.Error is not null),
                    FailureRatio = 0.9,
                    MinimumThroughput = options.BreakerThroughput,
                    SamplingDuration = TimeSpan.FromSeconds(30),
                    BreakDuration = options.BreakerPause,
                    OnOpened = opened =>
                    {
                        Volatile.Write(ref _openUntil, (time.GetUtcNow() + opened.BreakDuration).UtcTicks);
                        return default;
                    },
                })
                .Build();

        public ResiliencePipeline<Attempt> Breaker { get; }

        /// <summary>Known without asking the breaker, which says no by an exception: under load that would be thousands.</summary>
        public bool IsOpen(DateTimeOffset now) => now.UtcTicks < Volatile.Read(ref _openUntil);

        /// <summary>Not a semaphore: the limit may change while requests are in flight.</summary>
        public bool TryEnter(int limit)
        {
            if (Interlocked.Increment(ref _inFlight) <= limit)
                return true;
            Leave();
            return false;
        }

        public void Leave() => Interlocked.Decrement(ref _inFlight);
    }
}
