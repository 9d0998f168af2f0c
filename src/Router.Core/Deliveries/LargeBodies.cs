namespace Router.Core.Deliveries;

/// <summary>
/// How much memory the bodies of requests under way may take together, the large ones: a lead of a megabyte for a hundred slow receivers is
/// a hundred megabytes for as long as they take. What finds no room is deferred before its body is made. One site has half of it at most,
/// its Lead Manager's apart.
/// </summary>
internal sealed class LargeBodies
{
    /// <summary>In bytes. Up to this size, which hardly any lead exceeds, a body isn't counted.</summary>
    internal const int Small = 64 * 1024;

    /// <summary>In bytes.</summary>
    internal const long Most = 128 * 1024 * 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, long> _sites = [];
    private long _all;

    /// <summary>Whether there is room; then <see cref="Leave"/> gives it back.</summary>
    public bool TryTake(Guid site, int bytes, bool isToLeadManager)
    {
        if (bytes <= Small)
            return true;

        lock (_lock)
        {
            var ofSite = _sites.GetValueOrDefault(site);
            // What is larger than all there is would never go.
            if (_all > 0 && _all + bytes > Most || !isToLeadManager && ofSite > 0 && ofSite + bytes > Most / 2)
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
}
