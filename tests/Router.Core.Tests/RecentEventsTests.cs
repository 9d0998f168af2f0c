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
    public void Events_OfALead_AreAChain()
    {
        var created = Event(LeadActions.Created, "5EAD6DD12CB94F8080FC5716B05C90BA");
        Assert.Null(_recent.Enter(created));
        var updated = Event(LeadActions.Updated, "5ead6dd1-2cb9-4f80-80fc-5716b05c90ba");
        Assert.Equal(created.EventId, _recent.Enter(updated)?.Id);
        Assert.Equal(updated.EventId, _recent.Enter(Event(LeadActions.ActivityAdded, created.LeadId))?.Id);
    }

    [Fact]
    public void Event_ThatComesAgain_KeepsItsPlace()
    {
        var created = Event(LeadActions.Created, Guid.NewGuid().ToString());
        var updated = Event(LeadActions.Updated, created.LeadId);
        _recent.Enter(created);
        _recent.Enter(updated);
        Assert.Equal(created.EventId, _recent.Find(updated)?.Id);
        Assert.Equal(created.EventId, _recent.Enter(updated)?.Id);
        Assert.Equal(updated.EventId, _recent.Enter(Event(LeadActions.Updated, created.LeadId))?.Id);
        Assert.Null(_recent.Find(updated));
    }

    [Fact]
    public void Event_OfAnotherLeadOrSite_FollowsNothing()
    {
        var created = Event(LeadActions.Created, Guid.NewGuid().ToString());
        _recent.Enter(created);
        Assert.Null(_recent.Enter(Event(LeadActions.Updated, Guid.NewGuid().ToString())));
        Assert.Null(_recent.Enter(Event(LeadActions.Updated, created.LeadId) with { SiteId = Guid.NewGuid() }));
    }

    [Fact]
    public void Users_WhoseIdsAreAnyText_AreToldApart()
    {
        var first = Event(LeadActions.UserUpdated, "agent-7");
        _recent.Enter(first);
        Assert.Null(_recent.Enter(Event(LeadActions.UserUpdated, "agent-8")));
        Assert.Equal(first.EventId, _recent.Enter(Event(LeadActions.UserUpdated, "agent-7"))?.Id);
    }

    [Fact]
    public void Chain_HasGrowingTimes_WhateverTheClockSays()
    {
        var lead = Guid.NewGuid().ToString();
        var first = Event(LeadActions.Created, lead);
        _recent.Enter(first);
        _recent.Enter(Event(LeadActions.Updated, lead) with { AcceptedAt = first.AcceptedAt.AddMinutes(-1) });
        Assert.True(_recent.Enter(Event(LeadActions.Updated, lead))?.AcceptedAt > first.AcceptedAt);
    }

    [Fact]
    public void Lead_IsForgottenAfterAWhile()
    {
        var (kept, forgotten) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());
        _recent.Enter(Event(LeadActions.Created, kept));
        _recent.Enter(Event(LeadActions.Created, forgotten));
        Pass(TimeSpan.FromMinutes(3));
        Assert.NotNull(_recent.Enter(Event(LeadActions.Updated, kept)));
        Pass(TimeSpan.FromMinutes(3));
        Assert.NotNull(_recent.Enter(Event(LeadActions.Updated, kept)));
        Assert.Null(_recent.Enter(Event(LeadActions.Updated, forgotten)));
    }

    private void Pass(TimeSpan time)
    {
        _time.Advance(time);
        _recent.Enter(Event(LeadActions.Created, Guid.NewGuid().ToString()));
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
