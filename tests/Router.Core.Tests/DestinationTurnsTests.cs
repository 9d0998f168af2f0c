using Router.Core.Deliveries;

namespace Router.Core.Tests;

public sealed class DestinationTurnsTests
{
    /// <summary>Past the one that the backlog has just taken in any case; otherwise five seconds, and 500 leads, at most.</summary>
    [Theory]
    [InlineData(0.1, 10.5)]
    [InlineData(1, 5)]
    [InlineData(20, 5)]
    [InlineData(100, 5)]
    [InlineData(250, 2)]
    [InlineData(1000, 0.501)]
    public void Ahead_IsAFewSecondsAndOneTurnAtLeast(double perSecond, double seconds) =>
        Assert.Equal(seconds, DestinationTurns.Ahead(perSecond).TotalSeconds, tolerance: 0.0001);
}
