using Router.Core.Leads;

namespace Router.Core.Intake;

/// <summary>An accepted event, as one that follows it sees it.</summary>
/// <param name="Id">The event.</param>
/// <param name="AcceptedAt">When it was accepted.</param>
public readonly record struct RecentEvent(Guid Id, DateTimeOffset AcceptedAt);

/// <summary>The latest event of each lead and user that this host accepted lately.</summary>
/// <param name="time">The clock.</param>
public sealed class RecentEvents(TimeProvider time)
{
    // An event is planned within milliseconds, or after a backlog that both of them wait in.
    private static readonly TimeSpan Generation = TimeSpan.FromMinutes(2);

    private const int MostInGeneration = 100_000;

    private readonly Lock _lock = new();
    private Dictionary<(Guid Site, Guid Subject), RecentEvent> _young = [];
    private Dictionary<(Guid Site, Guid Subject), RecentEvent> _old = [];
    private long _since = time.GetTimestamp();

    /// <summary>Enters the event as the latest of its lead; which one was that before, null if none.</summary>
    public RecentEvent? Enter(LeadEvent lead)
    {
        var key = (lead.SiteId, lead.Subject!.Value);
        lock (_lock)
        {
            if (_young.Count >= MostInGeneration || time.GetElapsedTime(_since) > Generation)
                (_old, _young, _since) = (_young, [], time.GetTimestamp());
            RecentEvent? before = _young.TryGetValue(key, out var latest) || _old.TryGetValue(key, out latest) ? latest : null;
            _young[key] = new RecentEvent(lead.EventId, EventSequence.After(before, lead.AcceptedAt));
            return before;
        }
    }
}
