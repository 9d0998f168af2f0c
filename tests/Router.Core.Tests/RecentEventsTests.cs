using Microsoft.Extensions.Time.Testing;
using Router.Core.Intake;
using Router.Core.Leads;

namespace Router.Core.Tests;

public sealed class RecentEventsTests
{
    private static readonly Guid Site = Guid.NewGuid();

    private readonly FakeTimeProvider _time = new();
    private readonly RecentEvents _recent;

    public RecentEventsTests() => _recent = new RecentEvents(_time);

    [Fact]
    public void Update_AfterItsLead_NamesIt()
    {
        var created = Event(LeadActions.Created, "5EAD6DD12CB94F8080FC5716B05C90BA");
        _recent.Add(created);
        var updated = _recent.Stamp(Event(LeadActions.Updated, "5ead6dd1-2cb9-4f80-80fc-5716b05c90ba"));
        Assert.Equal(created.EventId, updated.Follows);

        // Its own follower names it, not the lead.
        _recent.Add(updated);
        Assert.Equal(updated.EventId, _recent.Stamp(Event(LeadActions.ActivityAdded, created.LeadId)).Follows);
    }

    [Fact]
    public void Event_OfAnotherLeadOrSiteOrANewLead_NamesNothing()
    {
        var created = Event(LeadActions.Created, Guid.NewGuid().ToString());
        _recent.Add(created);
        Assert.Null(_recent.Stamp(Event(LeadActions.Updated, Guid.NewGuid().ToString())).Follows);
        Assert.Null(_recent.Stamp(Event(LeadActions.Updated, created.LeadId) with { SiteId = Guid.NewGuid() }).Follows);
        Assert.Null(_recent.Stamp(Event(LeadActions.Created, created.LeadId)).Follows);
        Assert.Null(_recent.Stamp(Event(LeadActions.UserUpdated, created.LeadId)).Follows);
        // The same request once more.
        Assert.Null(_recent.Stamp(created with { Action = LeadActions.Updated }).Follows);
    }

    [Fact]
    public void Event_AcceptedBeforeTheOther_DoesNotFollowIt()
    {
        var lead = Guid.NewGuid().ToString();
        var (waited, other) = (Event(LeadActions.Updated, lead), Event(LeadActions.Updated, lead));
        _recent.Add(other);
        Assert.Null(_recent.Stamp(waited).Follows);

        // Nor does it take the other's place.
        _recent.Add(waited);
        Assert.Equal(other.EventId, _recent.Stamp(Event(LeadActions.Updated, lead)).Follows);
    }

    [Fact]
    public void Lead_IsForgottenAfterAWhile()
    {
        var created = Event(LeadActions.Created, Guid.NewGuid().ToString());
        _recent.Add(created);
        Pass(TimeSpan.FromMinutes(3));
        Assert.Equal(created.EventId, _recent.Stamp(Event(LeadActions.Updated, created.LeadId)).Follows);
        Pass(TimeSpan.FromMinutes(3));
        Assert.Null(_recent.Stamp(Event(LeadActions.Updated, created.LeadId)).Follows);
    }

    private void Pass(TimeSpan time)
    {
        _time.Advance(time);
        _recent.Add(Event(LeadActions.Created, Guid.NewGuid().ToString()));
    }

    private LeadEvent Event(string action, string lead) => new()
    {
        EventId = Guid.NewGuid(), SiteId = Site, Action = action, LeadId = lead, AcceptedAt = At(), Product = "web",
        SourceSystem = "Web", Lead = new RawJson("{}"u8.ToArray()),
    };

    private DateTimeOffset At()
    {
        _time.Advance(TimeSpan.FromMicroseconds(1));
        return _time.GetUtcNow();
    }
}
