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
        var created = Event(LeadAction.Created, "5EAD6DD12CB94F8080FC5716B05C90BA");
        Assert.Null(_recent.Enter(created));
        var updated = Event(LeadAction.Updated, "5ead6dd1-2cb9-4f80-80fc-5716b05c90ba");
        Assert.Equal(created.EventId, _recent.Enter(updated)?.Id);
        Assert.Equal(updated.EventId, _recent.Enter(Event(LeadAction.ActivityAdded, created.LeadId))?.Id);
    }

    [Fact]
    public void Event_ThatComesAgain_KeepsItsPlace()
    {
        var created = Event(LeadAction.Created, Guid.NewGuid().ToString());
        var updated = Event(LeadAction.Updated, created.LeadId);
        _recent.Enter(created);
        _recent.Enter(updated);
        Assert.Equal(created.EventId, _recent.Find(updated)?.Id);
        Assert.Equal(created.EventId, _recent.Enter(updated)?.Id);
        Assert.Equal(updated.EventId, _recent.Enter(Event(LeadAction.Updated, created.LeadId))?.Id);
        Assert.Null(_recent.Find(updated));
    }

    [Fact]
    public void Event_OfAnotherLeadOrSite_FollowsNothing()
    {
        var created = Event(LeadAction.Created, Guid.NewGuid().ToString());
        _recent.Enter(created);
        Assert.Null(_recent.Enter(Event(LeadAction.Updated, Guid.NewGuid().ToString())));
        Assert.Null(_recent.Enter(Event(LeadAction.Updated, created.LeadId) with { SiteId = Guid.NewGuid() }));
    }

    [Fact]
    public void Users_WhoseIdsAreAnyText_AreToldApart()
    {
        var first = Event(LeadAction.UserUpdated, "agent-7");
        _recent.Enter(first);
        Assert.Null(_recent.Enter(Event(LeadAction.UserUpdated, "agent-8")));
        Assert.Equal(first.EventId, _recent.Enter(Event(LeadAction.UserUpdated, "agent-7"))?.Id);
    }

    [Fact]
    public void Chain_HasGrowingTimes_WhateverTheClockSays()
    {
        var lead = Guid.NewGuid().ToString();
        var first = Event(LeadAction.Created, lead);
        _recent.Enter(first);
        _recent.Enter(Event(LeadAction.Updated, lead) with { AcceptedAt = first.AcceptedAt.AddMinutes(-1) });
        Assert.True(_recent.Enter(Event(LeadAction.Updated, lead))?.AcceptedAt > first.AcceptedAt);
    }

    [Fact]
    public void Lead_IsForgottenAfterAWhile()
    {
        var (kept, forgotten) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());
        _recent.Enter(Event(LeadAction.Created, kept));
        _recent.Enter(Event(LeadAction.Created, forgotten));
        Pass(TimeSpan.FromMinutes(3));
        Assert.NotNull(_recent.Enter(Event(LeadAction.Updated, kept)));
        Pass(TimeSpan.FromMinutes(3));
        Assert.NotNull(_recent.Enter(Event(LeadAction.Updated, kept)));
        Assert.Null(_recent.Enter(Event(LeadAction.Updated, forgotten)));
    }

    private void Pass(TimeSpan time)
    {
        _time.Advance(time);
        _recent.Enter(Event(LeadAction.Created, Guid.NewGuid().ToString()));
    }

    private LeadEvent Event(LeadAction action, string lead) => new()
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
