using Router.Core.Sites;

namespace Router.Core.Deliveries;

/// <summary>
/// What a request takes besides its place at its destination: one of its site's, one of its site's at the receiver's host, and, where it
/// goes to an owner's own URL, one of all sites' at that host. So neither many destinations nor many sites make more of it.
/// </summary>
/// <param name="url">Where the destination is: with another one, others are taken.</param>
/// <param name="site">All of its site's.</param>
/// <param name="ofSiteAtHost">Its site's at the host.</param>
/// <param name="atHost">All sites' at the host; null where they don't count.</param>
/// <param name="limitAtHost">How many those are.</param>
internal sealed class SharedPlaces(Uri? url, SitePlaces site, TakenPlaces ofSiteAtHost, TakenPlaces? atHost, int limitAtHost)
{
    public Uri? Url => url;

    /// <summary>Takes all of them or none.</summary>
    public bool TryTake(OwnLimits? own, SiteLimitOptions limits)
    {
        site.Limit = own?.InFlight ?? limits.InFlight;
        if (!site.InFlight.TryTake(site.Limit))
            return false;

        if (ofSiteAtHost.TryTake(own?.InFlightAtHost ?? limits.InFlightAtHost))
        {
            if (atHost is null || atHost.TryTake(limitAtHost))
                return true;
            ofSiteAtHost.Leave();
        }

        site.InFlight.Leave();
        return false;
    }

    public void Leave()
    {
        atHost?.Leave();
        ofSiteAtHost.Leave();
        site.InFlight.Leave();
    }
}
