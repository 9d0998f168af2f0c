using Router.Core.Deliveries;

namespace Router.Core.Tests;

/// <summary>Large bodies under way are bounded together, and by site.</summary>
public sealed class LargeBodiesTests
{
    private const int Large = 1024 * 1024;
    private const int OfSite = 10;

    private readonly LargeBodies _bodies = new(most: 4 * OfSite * Large);

    [Fact]
    public void Site_HasAQuarterOfTheRoom()
    {
        var sites = Enumerable.Range(0, 5).Select(_ => Guid.NewGuid()).ToList();
        Assert.Equal([OfSite, OfSite, OfSite, OfSite, 0], sites.Select(site => Taken(site, 200)));
        Assert.All(sites, site => Assert.False(_bodies.Has(site, Large)));

        // What every lead is like is never refused.
        Assert.True(_bodies.Has(sites[0], LargeBodies.Small));
        Assert.True(_bodies.TryTake(sites[0], LargeBodies.Small));
        _bodies.Leave(sites[0], LargeBodies.Small);
        Assert.False(_bodies.TryTake(sites[0], Large));
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
        Assert.True(_bodies.TryTake(site, int.MaxValue));
        Assert.False(_bodies.TryTake(Guid.NewGuid(), Large));
        _bodies.Leave(site, int.MaxValue);
        Assert.Equal(OfSite, Taken(site, 200));
    }

    private int Taken(Guid site, int tries) => Enumerable.Range(0, tries).Count(_ => _bodies.TryTake(site, Large));
}
