using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace Router.Core.Deliveries;

/// <summary>
/// Looks up the names of hosts. The system's resolver blocks its thread for as long as a name server is silent, up to half a minute, and
/// .NET lends it one of the thread pool's, which everything else here runs on. So each look-up has a thread of its own, and there are few
/// at a time: some for each site, and some for all sites together. The operators' own names, Lead Manager's among them, wait for no
/// site's.
/// </summary>
#pragma warning disable CA1001 // A look-up that hangs leaves its place when all else here is over; without a wait handle nothing is held.
public sealed class NameLookups
#pragma warning restore CA1001
{
    /// <summary>Look-ups of one site under way.</summary>
    internal const int MostOfSite = 4;

    /// <summary>Those of all sites; and as many of operators' names.</summary>
    internal const int Most = 32;

    private readonly Func<string, IPAddress[]> _resolve;
    private readonly TimeProvider _time;
    private readonly TimeSpan _patience;
    private readonly SemaphoreSlim _ofSites = new(Most);
    private readonly SemaphoreSlim _ofOperators = new(Most);
    private readonly ConcurrentDictionary<Guid, SemaphoreSlim> _sites = new();
    private readonly ConcurrentDictionary<string, Task<IPAddress[]>> _underWay = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Looks nothing up yet.</summary>
    /// <param name="options">How long making a connection may take.</param>
    /// <param name="time">The clock.</param>
    /// <param name="resolve">The addresses of a name, in the order in which they are tried; by default the system's resolver.</param>
    public NameLookups(IOptions<DeliveryOptions> options, TimeProvider time, Func<string, IPAddress[]>? resolve = null)
    {
        _resolve = resolve ?? Dns.GetHostAddresses;
        _time = time;
        // The other half is for the connection. And what waited in vain must be told from a name that didn't resolve in time.
        _patience = options.Value.ConnectTimeout / 2;
    }

    /// <summary>The addresses of a name. Whoever asks while it is being looked up gets the same answer.</summary>
    /// <param name="name">The name.</param>
    /// <param name="site">Whose owners entered it; null where operators did.</param>
    /// <param name="cancellationToken">Ends the wait. The look-up goes on, and keeps its place.</param>
    /// <exception cref="SocketException">The name can't be resolved.</exception>
    /// <exception cref="NoPlaceForLookupException">So many others are being looked up that this one wasn't begun.</exception>
    public async Task<IPAddress[]> Find(string name, Guid? site, CancellationToken cancellationToken)
    {
        if (!_underWay.TryGetValue(name, out var lookup))
        {
            var places = site is { } its
                ? new[] { _sites.GetOrAdd(its, _ => new SemaphoreSlim(MostOfSite)), _ofSites } : [_ofOperators];
            await Enter(places, cancellationToken);
            lookup = Begin(name, places);
        }

        return await lookup.WaitAsync(cancellationToken);
    }

    private async Task Enter(SemaphoreSlim[] places, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(_patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        var taken = 0;
        try
        {
            for (; taken < places.Length; taken++)
                await places[taken].WaitAsync(either.Token);
        }
        catch (OperationCanceledException)
        {
            Leave(places.AsSpan(0, taken));
            cancellationToken.ThrowIfCancellationRequested();
            throw new NoPlaceForLookupException();
        }
    }

    private Task<IPAddress[]> Begin(string name, SemaphoreSlim[] places)
    {
        var lookup = new Task<IPAddress[]>(() => _resolve(name), TaskCreationOptions.LongRunning);
        // Somebody else may have begun it while this one waited for its place.
        var first = _underWay.GetOrAdd(name, lookup);
        if (first != lookup)
        {
            Leave(places);
            return first;
        }

        _ = LeaveAfter(lookup, name, places);
        lookup.Start(TaskScheduler.Default);
        return lookup;
    }

    private async Task LeaveAfter(Task<IPAddress[]> lookup, string name, SemaphoreSlim[] places)
    {
        // Also where nobody waits for it any more: its thread is there until then.
        await ((Task)lookup).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _underWay.TryRemove(new KeyValuePair<string, Task<IPAddress[]>>(name, lookup));
        Leave(places);
    }

    private static void Leave(ReadOnlySpan<SemaphoreSlim> places)
    {
        foreach (var place in places)
            place.Release();
    }
}

/// <summary>
/// A name wasn't looked up, because so many others were. The only way to say so from within the client: it becomes an answer
/// that says so (<see cref="Answer.FoundNoRoom"/>), for it says nothing about the receiver.
/// </summary>
public sealed class NoPlaceForLookupException() : Exception("So many names are being looked up that this one found no place.");
