using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Router.Core.Destinations;
using Router.Core.Leads;
using Router.Core.Sites;

namespace Router.Core.Deliveries;

/// <summary>
/// Keeps a slow or dead destination from costing the others anything: each has a limit of requests in flight and a breaker of
/// its own. What finds no room is deferred, and that isn't an attempt: after a moment where requests are answered, at once where they
/// aren't. Nor does a destination's backlog cost its own fresh leads anything: see <see cref="InFlightLimit"/>. What one site, or one host,
/// has of the places that all share is limited, too: see <see cref="SharedPlaces"/>.
/// </summary>
public sealed class DestinationBulkheads(
    DestinationSender sender, OutgoingProxy proxy, IOptions<IsolationOptions> options, IOptions<RetryQueueOptions> queue,
    IOptions<SiteLimitOptions> limits, TimeProvider time)
{
    private readonly ConcurrentDictionary<Guid, DestinationBulkhead> _bulkheads = new();
    private readonly ConcurrentDictionary<Guid, SitePlaces> _sites = new();
    private readonly ConcurrentDictionary<string, TakenPlaces> _hosts = new(StringComparer.Ordinal);
    private readonly HostLimits _hostLimits = new(options.Value.HostLimits, options.Value.MaxInFlightAtHost);
    private readonly int _slowOfSite = Math.Max(1, options.Value.MaxSlow / 4);
    private readonly TimeSpan _comeback =
        (DestinationBulkhead.SlowDeferral * options.Value.DeferDelay) + (2 * queue.Value.DueInterval);
    private int _slow;

    /// <summary>Requests under way of the site that has most of them, Lead Manager's apart. A look at each site.</summary>
    internal int MostOfSite => _sites.Values.Select(site => site.InFlight.Count).DefaultIfEmpty().Max();

    /// <summary>Sites that have as many requests under way as they may: what else they have waits. A look at each.</summary>
    internal int FullSites => _sites.Values.Count(IsCrowded);

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
    /// <param name="site">Whose it is.</param>
    /// <param name="destination">Where to.</param>
    /// <param name="lead">The event.</param>
    /// <param name="content">The body.</param>
    /// <param name="number">The attempt's number.</param>
    /// <param name="yields">Whether it gives way to fresh leads: it comes from the retry lane (a failed one, a held or deferred one, a
    /// replay) or of a backlog that fresh leads go past.</param>
    public async ValueTask<Task<Attempt?>?> TryStart(
        SiteDestinations site, Destination destination, LeadEvent lead, OutgoingContent content, int number, bool yields)
    {
        var bulkhead = Of(site, destination);
        if (bulkhead.IsOpen(time.GetUtcNow()))
            return null;

        if (!proxy.LetsThrough(destination.Url) || destination.OAuth is { } client && !proxy.LetsThrough(client.TokenUrl))
            return null;

        // So many are slow already that another one of a destination known to be slow would be one too many.
        if (bulkhead.Slow > 0 && Volatile.Read(ref _slow) >= options.Value.MaxSlow)
            return null;
        if (bulkhead.Shared is not null && HasNoRoom(bulkhead))
            return null;
        var limit = destination.Own.MaxInFlight
            ?? (destination.IsLeadManager ? options.Value.LeadManagerMaxInFlight : options.Value.MaxInFlight);
        // A destination that answers has room again in a moment, and a moment costs less than the way through the ledger.
        var inFlight = bulkhead.Of(limit);
        // Large leads have few places in their lane.
        var patience = lead.MayBeLarge ? options.Value.Patience / 10 : options.Value.Patience / 2;
        if (!await inFlight.Enter(yields, bulkhead.IsAnswering ? patience : TimeSpan.Zero))
            return null;
        var shared = bulkhead.Shared;
        if (shared is null || shared.TryTake(site.Limits, limits.Value))
            return Send(bulkhead, inFlight, shared, new Sending(sender, destination, lead, content, number), yields);

        inFlight.Leave(yields);
        return null;
    }

    /// <summary>
    /// Where no request would be let through at present, so that what waits in the ledger can stay there: sites, but for their Lead
    /// Managers, and destinations.
    /// </summary>
    public (Guid[] Sites, Guid[] Destinations) Crowded()
    {
        var crowded = _sites.Where(site => IsCrowded(site.Value)).ToDictionary(site => site.Value, site => site.Key);
        var isFull = Slow >= options.Value.MaxSlow;
        if (crowded.Count == 0 && !isFull)
            return ([], []);

        return (
            [.. crowded.Where(site => site.Key.IsFull).Select(site => site.Value)],
            [.. _bulkheads.Where(one => isFull && Volatile.Read(ref one.Value.Slow) > 0
                || one.Value is { Shared: not null, IsSuspect: true } && crowded.ContainsKey(one.Value.Site)).Select(one => one.Key)]);
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
        if (bulkhead.Shared is not null)
            Interlocked.Increment(ref bulkhead.Site.Slow);
        bulkhead.Watch();
        try
        {
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            if (bulkhead.Shared is not null)
                Interlocked.Decrement(ref bulkhead.Site.Slow);
            Interlocked.Decrement(ref bulkhead.Slow);
            Interlocked.Decrement(ref _slow);
        }
    }

    private DestinationBulkhead Of(SiteDestinations site, Destination destination)
    {
        var bulkhead = _bulkheads.TryGetValue(destination.Id, out var known) ? known : New(site.Id, destination.Id);
        // The same object until somebody changes something of the site.
        if (!destination.IsLeadManager && !ReferenceEquals(bulkhead.Shared?.Url, destination.Url))
            bulkhead.Shared = SharedBy(bulkhead.Site, destination);
        return bulkhead;
    }

    // By itself: what it captures would be allocated for every request.
    private DestinationBulkhead New(Guid site, Guid destination) => _bulkheads.GetOrAdd(
        destination, _ => new DestinationBulkhead(_sites.GetOrAdd(site, _ => new SitePlaces()), options.Value, _comeback, time));

    private SharedPlaces SharedBy(SitePlaces site, Destination destination)
    {
        var host = destination.Url is { } url && UrlHost.Of(url) is { } its ? its : "";
        // What the catalogue names an operator has looked at, and every site sends there.
        var all = destination.Kind is DestinationKind.Custom ? _hosts.GetOrAdd(host, _ => new TakenPlaces()) : null;
        return new SharedPlaces(destination.Url, site, site.At(host), all, _hostLimits.Of(host, destination.Url?.Port ?? 0));
    }

    /// <summary>A site's share of requests that take long is for those of its destinations that may be slow; the others go on.</summary>
    private bool HasNoRoom(DestinationBulkhead bulkhead) =>
        bulkhead.Site.IsFull || bulkhead.IsSuspect && Volatile.Read(ref bulkhead.Site.Slow) >= _slowOfSite;

    private bool IsCrowded(SitePlaces site) => site.IsFull || Volatile.Read(ref site.Slow) >= _slowOfSite;

    private async Task<Attempt?> Send(
        DestinationBulkhead bulkhead, InFlightLimit inFlight, SharedPlaces? shared, Sending sending, bool yields)
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
            shared?.Leave();
            inFlight.Leave(yields);
        }
    }
}
