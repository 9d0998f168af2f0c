using Router.Testing;

namespace Router.IntegrationTests;

public sealed class CrashTests(TestServers servers)
{
    [Fact]
    public async Task Worker_KilledWith200InFlight_EveryLeadArrivesAndOnlyThoseTwice()
    {
        // None of the 200 times out, however long a busy machine takes to send them all.
        await using var router = await RouterFixture.StartProcesses(servers, workers: 1, ("Delivery:Patience", "00:00:00.1"),
            ("Delivery:RequestTimeout", "00:00:25"), ("Delivery:Lease", "00:00:27"));
        var site = await router.CreateSite();
        // Fifty that are done before anything breaks: these must not come twice.
        for (var i = 0; i < 50; i++)
            await site.PostLead();
        await router.Receiver.Wait(site.LeadManager.Path, 50);
        await Eventually.Equal(50, () => Count(router, site, "delivered"), "50 are recorded");
        var before = router.Receiver.At(site.LeadManager.Path).Select(request => request.MessageId).ToHashSet(StringComparer.Ordinal);

        using var release = new CancellationTokenSource();
        router.Receiver.Answer(
            site.LeadManager.Path, (_, _) => Task.Delay(Timeout.Infinite, release.Token).ContinueWith(_ => { }, TaskScheduler.Default));
        await Parallel.ForAsync(0, 200, async (_, _) => await site.PostLead());
        await router.Receiver.Wait(site.LeadManager.Path, 250, seconds: 120);

        await router.Workers[0].Kill();
        await release.CancelAsync();
        router.Receiver.Answer(site.LeadManager.Path, 200);
        await router.Host("Router.Worker").Ready();

        await Eventually.Equal(250, () => Count(router, site, "delivered"), "all 250 are delivered", seconds: 120);
        var byMessage = router.Receiver.At(site.LeadManager.Path).GroupBy(request => request.MessageId, StringComparer.Ordinal).ToList();
        Assert.Equal(250, byMessage.Count);
        Assert.All(byMessage.Where(group => before.Contains(group.Key)), group => Assert.Single(group));
        Assert.All(byMessage, group => Assert.InRange(group.Count(), 1, 2));
        await site.AssertAccountedFor(events: 250);
    }

    [Fact]
    public async Task Worker_KilledDuringARetry_TheNextNumberIsMade()
    {
        await using var router = await RouterFixture.StartProcesses(
            servers, workers: 1, ("Delivery:RequestTimeout", "00:00:05"), ("Delivery:Lease", "00:00:10"));
        var site = await router.CreateSite();
        var hung = new TaskCompletionSource();
        router.Receiver.Answer(site.LeadManager.Path, async (context, request) =>
        {
            context.Response.StatusCode = request.Attempt == 1 ? 500 : 200;
            if (request.Attempt == 2)
            {
                hung.TrySetResult();
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        });
        await site.PostLead();
        await hung.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await router.Workers[0].Kill();
        await router.Host("Router.Worker").Ready();

        var delivery = await site.Delivery(site.LeadManager, "delivered");
        // The one whose outcome nobody knows is in the ledger too.
        Assert.Equal(
            [(1, null), (2, "worker_lost"), (3, null)],
            delivery.GetProperty("attempts").EnumerateArray()
                .Select(attempt => (attempt.GetProperty("attempt").GetInt32(), attempt.GetProperty("error").GetString())));
        Assert.Equal([1, 2, 3], router.Receiver.At(site.LeadManager.Path).Select(request => request.Attempt));
        await site.AssertAccountedFor(events: 1);
    }

    [Fact]
    public async Task Workers_TwoOnOneRetryLane_NeverMakeTheSameAttemptTwice()
    {
        await using var router = await RouterFixture.StartProcesses(servers, workers: 2, ("Delivery:DueInterval", "00:00:00.02"));
        var site = await router.CreateSite();
        router.Receiver.Answer(site.LeadManager.Path, 500);
        await Parallel.ForAsync(0, 200, async (_, _) => await site.PostLead());
        await Eventually.Equal(200, () => Count(router, site, "dead"), "all are dead", seconds: 60);

        var attempts = router.Receiver.At(site.LeadManager.Path);
        Assert.Equal(800, attempts.Count);
        Assert.Equal(800, attempts.Select(request => (request.MessageId, request.Attempt)).Distinct().Count());
        Assert.Equal(800, await router.Query<long>("select count(*) from attempts"));
        Assert.All(attempts, request => Assert.InRange(request.Attempt, 1, 4));
    }

    [Fact]
    public async Task Worker_ToldToStop_FinishesWhatIsInFlightAndRecordsIt()
    {
        await using var router = await RouterFixture.StartProcesses(servers);
        var site = await router.CreateSite();
        using var release = new CancellationTokenSource();
        router.Receiver.Answer(
            site.LeadManager.Path, (_, _) => Task.Delay(Timeout.Infinite, release.Token).ContinueWith(_ => { }, TaskScheduler.Default));
        await site.PostLead();
        await router.Receiver.Wait(site.LeadManager.Path, 1);

        var stopped = router.Workers[0].Stop();
        // What comes now waits for the next worker.
        await Task.Delay(1500);
        await site.PostLead();
        // Also what has become slow meanwhile and no longer holds its lane.
        Assert.False(stopped.IsCompleted);
        await release.CancelAsync();

        Assert.Equal(0, await stopped);
        Assert.Equal(1, await Count(router, site, "delivered"));
        Assert.Single(router.Receiver.At(site.LeadManager.Path));
        await router.Host("Router.Worker").Ready();
        await Eventually.Equal(2, () => Count(router, site, "delivered"), "the second one is delivered");
        Assert.Equal(2, router.Receiver.At(site.LeadManager.Path).Count);
    }

    private static Task<long> Count(RouterFixture router, TestSite site, string state) =>
        router.Query<long>("select count(*) from deliveries where site_id = @Id and state = @state", new { site.Id, state });
}
