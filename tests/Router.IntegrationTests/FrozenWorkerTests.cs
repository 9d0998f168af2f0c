using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>A worker that does nothing for longer than its leases and then goes on as if nothing had happened.</summary>
public sealed class FrozenWorkerTests(TestServers servers)
{
    [Fact]
    public async Task Worker_FrozenBeyondItsLease_AnotherGoesOnAndEachLeadCountsOnce()
    {
        await using var router = await RouterFixture.StartProcesses(
            servers, workers: 1, ("Delivery:RequestTimeout", "00:00:02"), ("Delivery:Lease", "00:00:03"),
            ("Delivery:Patience", "00:00:01.9"));
        var site = await router.CreateSite();
        using var awake = new CancellationTokenSource();
        var asleep = new TaskCompletionSource();
        var sent = 0;
        router.Receiver.Answer(site.LeadManager.Path, async (context, request) =>
        {
            // The first lead fails once: its second attempt is a retry that this worker has leased. The second lead is
            // in the lane: the broker waits for its acknowledgement.
            var number = Interlocked.Increment(ref sent);
            if (number == 1)
                context.Response.StatusCode = 500;
            if (number is 2 or 3)
                await Task.Delay(Timeout.Infinite, awake.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (number == 3)
                asleep.TrySetResult();
        });
        await site.PostLead();
        await router.Receiver.Wait(site.LeadManager.Path, 2);
        await site.PostLead();
        await router.Receiver.Wait(site.LeadManager.Path, 3);
        var frozen = router.Workers[0];
        await frozen.Freeze();

        await router.Host("Router.Worker").Ready();
        // The broker may hand this one to the worker that is asleep; it takes it back when the heartbeats fail.
        await site.PostLead();
        await Eventually.Equal(3, () => Delivered(router, site), "the other worker has delivered all three", seconds: 90);

        await frozen.Thaw();
        await awake.CancelAsync();
        await asleep.Task;
        await frozen.Ready();
        await site.PostLead();
        await Eventually.Equal(4, () => Delivered(router, site), "it goes on");
        await site.AssertAccountedFor(events: 4);
        // Whatever the one that woke up thought of its old requests: their answers and their time limits came at the same moment.
        Assert.Equal(4, await router.Query<long>(
            "select count(distinct (event_id, destination_id)) from attempts where result = 'delivered'"));
        Assert.InRange(await router.Query<long>("select count(*) from attempts where result = 'delivered'"), 4, 6);
        Assert.Equal(4, router.Receiver.At(site.LeadManager.Path).Select(request => request.MessageId).Distinct(StringComparer.Ordinal)
            .Count());
    }

    private static Task<long> Delivered(RouterFixture router, TestSite site) =>
        router.Query<long>("select count(*) from deliveries where site_id = @Id and state = 'delivered'", new { site.Id });
}
