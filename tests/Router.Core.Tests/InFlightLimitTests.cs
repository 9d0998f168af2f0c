using Router.Core.Deliveries;

namespace Router.Core.Tests;

/// <summary>Who gets a place at a destination: fresh leads before a backlog, and the backlog never nothing.</summary>
public sealed class InFlightLimitTests
{
    private const bool Retry = true;
    private const bool Fresh = false;

    private static readonly TimeSpan Comeback = TimeSpan.FromSeconds(3);

    private readonly Clock _clock = new();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(4, 3)]
    [InlineData(32, 31)]
    public async Task Retries_Alone_LeaveAPlaceForAFreshLead(int limit, int retries)
    {
        var inFlight = new InFlightLimit(limit, Comeback, _clock);
        Assert.Equal(retries, await TakeAll(inFlight, Retry));
        Assert.Equal(limit - retries, await TakeAll(inFlight, Fresh));
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(4, 1)]
    [InlineData(8, 2)]
    [InlineData(32, 8)]
    public async Task Retries_BesideAFreshLead_TakeAQuarterUntilItHasLeft(int limit, int retries)
    {
        var inFlight = new InFlightLimit(limit, Comeback, _clock);
        Assert.True(await inFlight.Enter(Fresh, TimeSpan.Zero));
        Assert.Equal(retries, await TakeAll(inFlight, Retry));
        inFlight.Leave(Fresh);
        Assert.Equal(limit - 1 - retries, await TakeAll(inFlight, Retry));
    }

    [Fact]
    public async Task FreshLeads_WaitingBehindABacklog_GoFirst()
    {
        var inFlight = new InFlightLimit(4, Comeback, _clock);
        Assert.Equal(3, await TakeAll(inFlight, Retry));
        Assert.True(await inFlight.Enter(Fresh, TimeSpan.Zero));
        var backlog = Enumerable.Range(0, 3).Select(_ => Wait(inFlight, Retry)).ToList();
        var fresh = Enumerable.Range(0, 2).Select(_ => Wait(inFlight, Fresh)).ToList();

        inFlight.Leave(Retry);
        await fresh[0];
        inFlight.Leave(Retry);
        await fresh[1];
        Assert.DoesNotContain(backlog, waiting => waiting.IsCompleted);

        // None waits any more, so the last retry's place is the next one's; and once all have left, the backlog goes on.
        inFlight.Leave(Retry);
        await backlog[0];
        Assert.False(backlog[1].IsCompleted);
        for (var i = 0; i < 3; i++)
            inFlight.Leave(Fresh);
        await Task.WhenAll(backlog);
    }

    [Fact]
    public async Task Retries_WhereFreshLeadsFillEveryPlace_StillGetOn()
    {
        var inFlight = new InFlightLimit(4, Comeback, _clock);
        Assert.Equal(4, await TakeAll(inFlight, Fresh));
        for (var i = 0; i < 100; i++)
        {
            var (first, second) = (Wait(inFlight, Fresh), Wait(inFlight, Fresh));
            var retry = Wait(inFlight, Retry);
            // The next free place is the retry's, however many fresh ones wait; that which it leaves is a fresh one's again.
            inFlight.Leave(Fresh);
            await retry;
            Assert.False(first.IsCompleted);
            inFlight.Leave(Retry);
            await first;
            inFlight.Leave(Fresh);
            await second;
        }
    }

    [Fact]
    public async Task Retry_TurnedAway_FindsAPlaceWhenItComesBack()
    {
        // Nobody waits where requests are slow.
        var inFlight = new InFlightLimit(2, Comeback, _clock);
        Assert.Equal(2, await TakeAll(inFlight, Fresh));
        Assert.False(await inFlight.Enter(Retry, TimeSpan.Zero));
        inFlight.Leave(Fresh);
        Assert.False(await inFlight.Enter(Fresh, TimeSpan.Zero));
        Assert.True(await inFlight.Enter(Retry, TimeSpan.Zero));
        inFlight.Leave(Retry);
        Assert.True(await inFlight.Enter(Fresh, TimeSpan.Zero));

        // Kept for a while only: it may never come back.
        Assert.False(await inFlight.Enter(Retry, TimeSpan.Zero));
        inFlight.Leave(Fresh);
        _clock.Now += Comeback;
        Assert.True(await inFlight.Enter(Fresh, TimeSpan.Zero));
    }

    [Fact]
    public async Task Waiting_InVain_TakesNoPlaceAndLetsRetriesOn()
    {
        var inFlight = new InFlightLimit(2, Comeback, _clock);
        Assert.Equal(2, await TakeAll(inFlight, Fresh));
        Assert.False(await inFlight.Enter(Fresh, TimeSpan.FromMilliseconds(1)));
        Assert.False(await inFlight.Enter(Retry, TimeSpan.FromMilliseconds(1)));
        inFlight.Leave(Fresh);
        inFlight.Leave(Fresh);
        Assert.True(await inFlight.Enter(Retry, TimeSpan.Zero));
        Assert.True(await inFlight.Enter(Fresh, TimeSpan.Zero));
        Assert.False(await inFlight.Enter(Fresh, TimeSpan.Zero));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(32)]
    public async Task Everybody_AtOnce_NeverExceedsTheLimitAndGetsThrough(int limit)
    {
        var inFlight = new InFlightLimit(limit, Comeback, TimeProvider.System);
        var (inside, most, through) = (0, 0, 0);
        async Task Go(bool yields)
        {
            while (!await inFlight.Enter(yields, TimeSpan.FromMilliseconds(5)))
                await Task.Yield();
            var now = Interlocked.Increment(ref inside);
            for (var seen = Volatile.Read(ref most); now > seen && Interlocked.CompareExchange(ref most, now, seen) != seen;)
                seen = Volatile.Read(ref most);
            await Task.Yield();
            Interlocked.Decrement(ref inside);
            inFlight.Leave(yields);
            Interlocked.Increment(ref through);
        }

        await Task.WhenAll(Enumerable.Range(0, 2000).Select(i => Task.Run(() => Go(i % 3 == 0))));
        Assert.Equal(2000, through);
        Assert.InRange(most, 1, limit);
        Assert.Equal(Math.Max(1, limit - 1), await TakeAll(inFlight, Retry));
    }

    private static async Task<int> TakeAll(InFlightLimit inFlight, bool yields)
    {
        var count = 0;
        while (await inFlight.Enter(yields, TimeSpan.Zero))
            count++;
        return count;
    }

    /// <summary>For as long as a test may take.</summary>
    private static async Task Wait(InFlightLimit inFlight, bool yields) =>
        Assert.True(await inFlight.Enter(yields, TimeSpan.FromMinutes(1)));

    /// <summary>What waits here waits in real time.</summary>
    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 11, 22, 14, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
