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
    private Dictionary<(Guid Site, Guid Subject), Entry> _young = [];
    private Dictionary<(Guid Site, Guid Subject), Entry> _old = [];
    private long _since = time.GetTimestamp();

    /// <summary>
    /// Enters the event as the latest of its lead; which one was that before, null if none. The same event again keeps its place.
    /// </summary>
    public RecentEvent? Enter(LeadEvent lead)
    {
        lock (_lock)
        {
            if (_young.Count >= MostInGeneration || time.GetElapsedTime(_since) > Generation)
                (_old, _young, _since) = (_young, [], time.GetTimestamp());
            var entry = Latest(lead);
            if (entry?.Event.Id == lead.EventId)
                return entry.Before;

            var before = entry?.Event;
            _young[Key(lead)] = new Entry(new RecentEvent(lead.EventId, EventSequence.After(before, lead.AcceptedAt)), before);
            return before;
        }
    }

    /// <summary>What an event that was entered before follows; null also when others came after it.</summary>
    public RecentEvent? Find(LeadEvent lead)
    {
        lock (_lock)
            return Latest(lead) is { } entry && entry.Event.Id == lead.EventId ? entry.Before : null;
    }

    private static (Guid Site, Guid Subject) Key(LeadEvent lead) => (lead.SiteId, lead.Subject!.Value);

    private Entry? Latest(LeadEvent lead) => _young.GetValueOrDefault(Key(lead)) ?? _old.GetValueOrDefault(Key(lead));

    private sealed record Entry(RecentEvent Event, RecentEvent? Before);
}
