using Router.Core.Intake;

namespace Router.Core.Tests;

public sealed class BacklogBypassTests
{
    private readonly BacklogBypass _bypass = new();

    [Theory]
    [InlineData(5000u, 4000u, true)] // It shrinks.
    [InlineData(5000u, 1000u, true)]
    [InlineData(5000u, 999u, false)] // A moment's work.
    [InlineData(4000u, 5000u, false)] // It grows: workers are away or outrun.
    [InlineData(5000u, 5000u, false)]
    public void Bypass_OfABacklog_OpensWhenItShrinks(uint before, uint now, bool isOpen)
    {
        Look(before);
        Look(now);
        Assert.Equal(isOpen, _bypass.IsOpen);
        Assert.Equal(isOpen, _bypass.IsBacklog);
    }

    [Fact]
    public void Bypass_AtTheFirstLook_IsClosed()
    {
        Look(100_000);
        Assert.False(_bypass.IsOpen);
    }

    [Fact]
    public void Bypass_OnceOpen_StaysSoUntilHardlyAnythingWaits()
    {
        Open();
        foreach (var waiting in (uint[])[4000, 4500, 900, 100])
        {
            Look(waiting);
            Assert.True(_bypass.IsOpen);
        }

        Look(99);
        Assert.False(_bypass.IsOpen);
        Assert.False(_bypass.IsBacklog);
        // The next one is a backlog from a thousand on again.
        Look(900);
        Look(800);
        Assert.False(_bypass.IsOpen);
    }

    [Theory]
    [InlineData(499u, 1u, true)]
    [InlineData(500u, 1u, false)] // Two backlogs instead of one.
    [InlineData(0u, 0u, false)] // Nobody takes from it.
    public void Bypass_ThatDoesNotFlow_IsClosed(uint freshWaiting, uint freshConsumers, bool isOpen)
    {
        Open();
        _bypass.Look(3000, freshWaiting, freshConsumers);
        Assert.Equal(isOpen, _bypass.IsOpen);
        // There is a backlog all the same, and it opens again as soon as it flows.
        Assert.True(_bypass.IsBacklog);
        Look(2000);
        Assert.True(_bypass.IsOpen);
    }

    [Fact]
    public void Bypass_ThatNobodyCanLookAt_IsClosed()
    {
        Open();
        _bypass.Close();
        Assert.False(_bypass.IsOpen);
    }

    private void Open()
    {
        Look(5000);
        Look(4000);
        Assert.True(_bypass.IsOpen);
    }

    private void Look(uint waiting) => _bypass.Look(waiting, freshWaiting: 0, freshConsumers: 1);
}
