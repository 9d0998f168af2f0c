using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Router.Core.Destinations;
using Router.Core.Leads;

namespace Router.Core.Deliveries;

/// <summary>
/// Keeps a slow or dead destination from costing the others anything: each has a limit of requests in flight and a breaker of
/// its own. What finds no room is deferred, and that isn't an attempt: after a moment where requests are answered, at once where they aren't.
/// Nor does a destination's backlog cost its own fresh leads anything: see <see cref="InFlightLimit"/>.
/// </summary>
public sealed class DestinationGates(DestinationSender sender, IOptions<DeliveryOptions> options, TimeProvider time)
{
    private readonly ConcurrentDictionary<Guid, DestinationGate> _gates = new();
    private int _slow;

    /// <summary>Begins to send, after a wait for room if that is worth it; the request under way, or null: no room, or the breaker is open.</summary>
    /// <param name="destination">Where to.</param>
    /// <param name="lead">The event.</param>
    /// <param name="body">The bytes to sign and send.</param>
    /// <param name="number">The attempt's number.</param>
    /// <param name="yields">Whether it gives way to fresh leads: it comes from the retry lane (a failed one, a held or deferred one, a replay) or of a
    /// backlog that fresh leads go past.</param>
    public async ValueTask<Task<Attempt?>?> TryStart(Destination destination, LeadEvent lead, byte[] body, int number, bool yields)
    {
        var gate = _gates.GetOrAdd(destination.Id, _ => new DestinationGate(options.Value, time));
        if (gate.IsOpen(time.GetUtcNow()))
            return null;

        // So many are slow already that another one of a destination known to be slow would be one too many.
        if (gate.Slow > 0 && Volatile.Read(ref _slow) >= options.Value.MaxSlow)
            return null;
        var limit = destination.MaxInFlight ?? (destination.IsLeadManager ? options.Value.LeadManagerMaxInFlight : options.Value.MaxInFlight);
        // A destination that answers has room again in a moment, and a moment costs less than the way through the ledger.
        var inFlight = gate.Of(limit);
        return await inFlight.Enter(yields, gate.IsAnswering ? options.Value.Patience / 2 : TimeSpan.Zero)
            ? Send(gate, inFlight, new Sending(sender, destination, lead, body, number), yields)
            : null;
    }

    /// <summary>Whether a request to it is slow at present, and none was answered lately.</summary>
    public bool IsStuck(Guid destinationId) => _gates.TryGetValue(destinationId, out var gate) && gate.IsStuck;

    /// <summary>When to look again at what found no room: soon where requests are answered, later where they aren't or none is let through.</summary>
    public TimeSpan DeferDelay(Guid destinationId)
    {
        if (!_gates.TryGetValue(destinationId, out var gate))
            return options.Value.DeferDelay;
        var open = gate.OpenFor(time.GetUtcNow());
        var longer = gate.IsStuck ? DestinationGate.SlowDeferral * options.Value.DeferDelay : options.Value.DeferDelay;
        return open > longer ? open : longer;
    }

    /// <summary>Counts a request as slow until <paramref name="sending"/> ends.</summary>
    public async Task WhileSlow(Guid destinationId, Task sending)
    {
        var gate = _gates[destinationId];
        Interlocked.Increment(ref _slow);
        Interlocked.Increment(ref gate.Slow);
        gate.Watch();
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

    private static async Task<Attempt?> Send(DestinationGate gate, InFlightLimit inFlight, Sending sending, bool yields)
    {
        try
        {
            return await gate.Send(sending);
        }
        finally
        {
            inFlight.Leave(yields);
        }
    }
}
