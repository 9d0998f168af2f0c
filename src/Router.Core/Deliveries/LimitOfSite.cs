namespace Router.Core.Deliveries;

/// <summary>One of a site's limits, by the name that it has in the API: see <see cref="Sites.OwnLimits"/>.</summary>
/// <param name="Name">The name.</param>
/// <param name="Limit">How much the site may have.</param>
/// <param name="Used">How much it has; null where only workers know, for themselves.</param>
/// <param name="IsOwn">Whether an operator has set it for this site.</param>
public sealed record LimitOfSite(string Name, long Limit, long? Used, bool IsOwn)
{
    private const string Ask = "or ask the operator of this router for more.";

    /// <summary>Why nothing more of it can be had, and what to do.</summary>
    /// <param name="more">How much more was asked for.</param>
    public string Sentence(long more = 1) => Name switch
    {
        SiteLimitNames.Destinations =>
            $"This site may have {Limit:N0} destinations besides Lead Manager, and has {Used:N0}. Delete one that is no longer used, {Ask}",
        SiteLimitNames.WaitingMegabytes =>
            $"About {Used:N0} MB of this site's leads wait to be sent, and no more than {Limit:N0} MB should. "
            + $"Until some of them have arrived nothing is added to them. See which of its destinations don't answer, {Ask}",
        SiteLimitNames.Replays =>
            $"This site may have {Limit:N0} replays running at a time, and has {Used:N0}. Wait until one has ended, cancel one, {Ask}",
        SiteLimitNames.ReplayedPerHour =>
            $"This site may send {Limit:N0} deliveries again within an hour. It has sent {Used:N0}, and this would be {more:N0} more. "
            + $"Choose fewer, wait, {Ask}",
        _ => $"This site may be sent {Limit:N0} tests within a minute, and was sent {Used:N0}. Wait a moment, {Ask}",
    };
}

/// <summary>The names of limits.</summary>
public static class SiteLimitNames
{
    /// <summary>Destinations, besides Lead Manager.</summary>
    public const string Destinations = "destinations";

    /// <summary>Requests under way from each worker.</summary>
    public const string InFlight = "in_flight";

    /// <summary>The same to one host.</summary>
    public const string InFlightAtHost = "in_flight_at_host";

    /// <summary>Megabytes that wait to be sent.</summary>
    public const string WaitingMegabytes = "waiting_megabytes";

    /// <summary>Replays of many at a time.</summary>
    public const string Replays = "replays";

    /// <summary>Deliveries replayed within an hour.</summary>
    public const string ReplayedPerHour = "replayed_per_hour";

    /// <summary>Tests within a minute.</summary>
    public const string TestsPerMinute = "tests_per_minute";
}
