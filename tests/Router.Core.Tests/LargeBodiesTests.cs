using Router.Core.Deliveries;

namespace Router.Core.Tests;

/// <summary>Large bodies under way are bounded together, and by site.</summary>
public sealed class LargeBodiesTests
{
    private const int Large = 1024 * 1024;
    private const int OfSite = (int)(LargeBodies.Most / 2 / Large);

    private readonly LargeBodies _bodies = new();

    [Fact]
    public void Site_HasHalfOfTheRoom_AndItsLeadManagerTheRestToo()
    {
        var (one, other) = (Guid.NewGuid(), Guid.NewGuid());
        Assert.Equal(OfSite, Taken(one, 200));
        Assert.True(_bodies.TryTake(one, Large, isToLeadManager: true));
        Assert.Equal(OfSite - 1, Taken(other, 200));
        Assert.False(_bodies.TryTake(Guid.NewGuid(), Large, isToLeadManager: true));

        // What every lead is like is never refused.
        Assert.True(_bodies.TryTake(one, LargeBodies.Small, isToLeadManager: false));
        _bodies.Leave(one, LargeBodies.Small);
        Assert.False(_bodies.TryTake(one, Large, isToLeadManager: false));
    }

    [Fact]
    public async Task Room_IsGivenBack_HoweverARequestEnds()
    {
        var site = Guid.NewGuid();
        foreach (var end in new[] { Task.CompletedTask, Task.FromException(new InvalidOperationException()), Task.FromCanceled(new(true)) })
        {
            Assert.Equal(OfSite, Taken(site, 200));
            for (var i = 0; i < OfSite; i++)
                await _bodies.LeaveAfter(end, site, Large);
        }

        // Larger than all there is: alone it goes.
        Assert.True(_bodies.TryTake(site, int.MaxValue, isToLeadManager: false));
        Assert.False(_bodies.TryTake(Guid.NewGuid(), Large, isToLeadManager: false));
        _bodies.Leave(site, int.MaxValue);
        Assert.Equal(OfSite, Taken(site, 200));
    }

    private int Taken(Guid site, int tries) => Enumerable.Range(0, tries).Count(_ => _bodies.TryTake(site, Large, isToLeadManager: false));
}
