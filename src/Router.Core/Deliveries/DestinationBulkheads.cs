using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Router.Core.Destinations;
using Router.Core.Leads;

namespace Router.Core.Deliveries;

/// <summary>
/// Keeps a slow or dead destination from costing the others anything: each has a limit of requests in flight and a breaker of
/// its own. What finds no room is deferred, and that isn't an attempt: after a moment where requests are answered, at once where they
/// aren't. Nor does a destination's backlog cost its own fresh leads anything: see <see cref="InFlightLimit"/>.
/// </summary>
public sealed class DestinationBulkheads(
    DestinationSender sender, OutgoingProxy proxy, IOptions<DeliveryOptions> options, TimeProvider time)
{
    private readonly ConcurrentDictionary<Guid, DestinationBulkhead> _bulkheads = new();
    private int _slow;

    /// <summary>Requests under way. A look at each destination: for whoever asks now and then.</summary>
    internal int InFlight => _bulkheads.Values.Sum(bulkhead => bulkhead.InFlight);

    /// <summary>Those of them that have left their lane.</summary>
    internal int Slow => Volatile.Read(ref _slow);

    /// <summary>Destinations to which nothing is sent for the moment. A look at each.</summary>
    internal int OpenBreakers
    {
        get
        {
            var now = time.GetUtcNow();
            return _bulkheads.Values.Count(bulkhead => bulkhead.IsOpen(now));
        }
    }

    /// <summary>
    /// Begins to send, after a wait for room if that is worth it; the request under way, or null: no room, the breaker is open, or our
    /// proxy is down.
    /// </summary>
    /// <param name="destination">Where to.</param>
    /// <param name="lead">The event.</param>
    /// <param name="content">The body.</param>
    /// <param name="number">The attempt's number.</param>
    /// <param name="yields">Whether it gives way to fresh leads: it comes from the retry lane (a failed one, a held or deferred one, a
    /// replay) or of a backlog that fresh leads go past.</param>
    public async ValueTask<Task<Attempt?>?> TryStart(
        Destination destination, LeadEvent lead, OutgoingContent content, int number, bool yields)
    {
        var bulkhead = _bulkheads.GetOrAdd(destination.Id, _ => new DestinationBulkhead(options.Value, time));
        if (bulkhead.IsOpen(time.GetUtcNow()))
            return null;

        if (!proxy.LetsThrough(destination.Url) || destination.OAuth is { } client && !proxy.LetsThrough(client.TokenUrl))
            return null;

        // So many are slow already that another one of a destination known to be slow would be one too many.
        if (bulkhead.Slow > 0 && Volatile.Read(ref _slow) >= options.Value.MaxSlow)
            return null;
        var limit = destination.MaxInFlight
            ?? (destination.IsLeadManager ? options.Value.LeadManagerMaxInFlight : options.Value.MaxInFlight);
        // A destination that answers has room again in a moment, and a moment costs less than the way through the ledger.
        var inFlight = bulkhead.Of(limit);
        return await inFlight.Enter(yields, bulkhead.IsAnswering ? options.Value.Patience / 2 : TimeSpan.Zero)
            ? Send(bulkhead, inFlight, new Sending(sender, destination, lead, content, number), yields)
            : null;
    }

    /// <summary>Whether a request to it is slow at present, and none was answered lately.</summary>
    public bool IsStuck(Guid destinationId) => _bulkheads.TryGetValue(destinationId, out var bulkhead) && bulkhead.IsStuck;

    /// <summary>
    /// When to look again at what found no room: soon where requests are answered, later where they aren't or none is let through.
    /// </summary>
    public TimeSpan DeferDelay(Destination destination)
    {
        if (proxy.ShutFor(destination.Url) is var shut && shut > options.Value.DeferDelay)
            return shut;
        if (!_bulkheads.TryGetValue(destination.Id, out var bulkhead))
            return options.Value.DeferDelay;
        var open = bulkhead.OpenFor(time.GetUtcNow());
        var longer = bulkhead.IsStuck ? DestinationBulkhead.SlowDeferral * options.Value.DeferDelay : options.Value.DeferDelay;
        return open > longer ? open : longer;
    }

    /// <summary>Counts a request as slow until <paramref name="sending"/> ends.</summary>
    public async Task WhileSlow(Guid destinationId, Task sending)
    {
        var bulkhead = _bulkheads[destinationId];
        Interlocked.Increment(ref _slow);
        Interlocked.Increment(ref bulkhead.Slow);
        bulkhead.Watch();
        try
        {
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            Interlocked.Decrement(ref bulkhead.Slow);
            Interlocked.Decrement(ref _slow);
        }
    }

    private async Task<Attempt?> Send(DestinationBulkhead bulkhead, InFlightLimit inFlight, Sending sending, bool yields)
    {
        try
        {
            var attempt = await bulkhead.Send(sending);
            if (attempt is { Answer.Error: null })
                proxy.Answered(sending.Destination.Url);
            return attempt;
        }
        finally
        {
            inFlight.Leave(yields);
        }
    }
}
