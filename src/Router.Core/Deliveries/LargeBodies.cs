namespace Router.Core.Deliveries;

/// <summary>
/// How much memory the bodies of requests under way may take together, the large ones: a lead of a megabyte for a hundred slow receivers is
/// a hundred megabytes for as long as they take, and so may a mapping make of a small one. What finds no room is deferred. One site has a
/// quarter of it at most.
/// </summary>
/// <param name="most">In bytes.</param>
internal sealed class LargeBodies(long most)
{
    /// <summary>In bytes. Up to this size, which hardly any has, a body isn't counted.</summary>
    internal const int Small = 64 * 1024;

    /// <summary>What finds no room comes back after so many times the usual delay.</summary>
    internal const int Deferral = 20;

    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, long> _sites = [];
    private long _all;

    /// <summary>Whether there is room at this moment.</summary>
    public bool Has(Guid site, int bytes)
    {
        if (bytes <= Small)
            return true;

        lock (_lock)
            return HasRoom(_sites.GetValueOrDefault(site), bytes);
    }

    /// <summary>Whether there is room; then <see cref="Leave"/> gives it back.</summary>
    public bool TryTake(Guid site, int bytes)
    {
        if (bytes <= Small)
            return true;

        lock (_lock)
        {
            var ofSite = _sites.GetValueOrDefault(site);
            if (!HasRoom(ofSite, bytes))
                return false;

            _all += bytes;
            _sites[site] = ofSite + bytes;
            return true;
        }
    }

    /// <summary>Of what was let in.</summary>
    public void Leave(Guid site, int bytes)
    {
        if (bytes <= Small)
            return;

        lock (_lock)
        {
            _all -= bytes;
            if (_sites[site] == bytes)
                _sites.Remove(site);
            else
                _sites[site] -= bytes;
        }
    }

    /// <summary>Once a request is over.</summary>
    public async Task LeaveAfter(Task request, Guid site, int bytes)
    {
        await request.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Leave(site, bytes);
    }

    // What is larger than all there is would never go.
    private bool HasRoom(long ofSite, int bytes) =>
        (_all == 0 || _all + bytes <= most) && (ofSite == 0 || ofSite + bytes <= most / 4);
}
