using Router.Core.Leads;

namespace Router.Core.Intake;

/// <summary>
/// The latest event of each lead that this host accepted lately. An event that follows it may reach a worker first, before anybody can see
/// the earlier one in the ledger; so it says itself what it follows (<see cref="LeadEvent.Follows"/>).
/// </summary>
/// <param name="time">The clock.</param>
public sealed class RecentEvents(TimeProvider time)
{
    // An event is planned within milliseconds, or after a backlog that both of them wait in.
    private static readonly TimeSpan Generation = TimeSpan.FromMinutes(2);

    private const int MostInGeneration = 100_000;

    private readonly Lock _lock = new();
    private Dictionary<(Guid Site, Guid Lead), (Guid Id, DateTimeOffset AcceptedAt)> _young = [];
    private Dictionary<(Guid Site, Guid Lead), (Guid Id, DateTimeOffset AcceptedAt)> _old = [];
    private long _since = time.GetTimestamp();

    /// <summary>
    /// The event as it is to be published: with what it follows. A new lead follows nothing, and nothing follows what was accepted later
    /// (a request may wait for its Idempotency-Key meanwhile): two could wait for each other.
    /// </summary>
    public LeadEvent Stamp(LeadEvent lead)
    {
        if (!LeadActions.FollowsALead(lead.Action) || Key(lead) is not { } key)
            return lead;
        lock (_lock)
        {
            return Find(key) is { } earlier && earlier.Id != lead.EventId && earlier.AcceptedAt < lead.AcceptedAt
                ? lead with { Follows = earlier.Id } : lead;
        }
    }

    /// <summary>It is accepted; to be called before its sender hears so.</summary>
    public void Add(LeadEvent lead)
    {
        if (!LeadActions.IsAboutLead(lead.Action) || Key(lead) is not { } key)
            return;
        lock (_lock)
        {
            if (_young.Count >= MostInGeneration || time.GetElapsedTime(_since) > Generation)
                (_old, _young, _since) = (_young, [], time.GetTimestamp());
            if (Find(key) is not { } latest || latest.AcceptedAt < lead.AcceptedAt)
                _young[key] = (lead.EventId, lead.AcceptedAt);
        }
    }

    private (Guid Id, DateTimeOffset AcceptedAt)? Find((Guid Site, Guid Lead) key) =>
        _young.TryGetValue(key, out var latest) || _old.TryGetValue(key, out latest) ? latest : null;

    private static (Guid Site, Guid Lead)? Key(LeadEvent lead) =>
        Uuids.TryParse(lead.LeadId, out var id) ? (lead.SiteId, id) : null;
}
