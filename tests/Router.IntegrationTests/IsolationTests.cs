using System.Collections.Concurrent;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>A slow or dead destination costs the others nothing. Lanes are narrow here, so that they would be full at once.</summary>
public sealed class IsolationTests(TestServers servers)
{
    private static readonly (string, string)[] NarrowLanes =
    [
        ("Delivery:Concurrency", "16"), ("Delivery:RetryConcurrency", "4"), ("Delivery:MaxInFlight", "4"),
        ("Delivery:Patience", "00:00:00.2"),
        ("Delivery:RequestTimeout", "00:01:00"), ("Delivery:Lease", "00:01:10"), ("Delivery:DeferDelay", "00:00:00.5"),
    ];

    [Fact]
    public async Task Destination_Hangs_TheOthersGetEveryLeadAndItGetsItsOwnLater()
    {
        await using var router = await RouterFixture.Start(servers, workers: 1, NarrowLanes);
        var site = await router.CreateSite();
        var hanging = await site.AddDestination("hangs");
        var (inFlight, most, release) = (0, 0, new TaskCompletionSource());
        router.Receiver.Answer(hanging.Path, async (_, _) =>
        {
            var now = Interlocked.Increment(ref inFlight);
            most = Math.Max(most, now);
            await release.Task;
            Interlocked.Decrement(ref inFlight);
        });

        for (var i = 0; i < 100; i++)
            await site.PostLead();
        // The lane takes 16, the hanging one four: the rest goes past it.
        await router.Receiver.Wait(site.LeadManager.Path, 100);
        Assert.Equal(4, router.Receiver.At(hanging.Path).Count);
        await Eventually.Equal(100, () => Count(router, hanging, "retrying"), "all that waits is in the ledger");

        release.SetResult();
        await Eventually.Equal(100, () => Count(router, hanging, "delivered"), "the rest is delivered");
        var received = router.Receiver.At(hanging.Path);
        Assert.Equal(100, received.Count);
        // Finding no room was no attempt.
        Assert.All(received, request => Assert.Equal(1, request.Attempt));
        Assert.Equal(100, await router.Query<long>("select count(*) from attempts where destination_id = @Id", new { hanging.Id }));
        Assert.InRange(most, 1, 4);
        await site.AssertAccountedFor(events: 100);
    }

    [Fact]
    public async Task Destinations_MoreThanTheLaneIsWide_HangTogether_LeadManagerGetsEveryLead()
    {
        await using var router = await RouterFixture.Start(servers, workers: 1, [.. NarrowLanes, ("Delivery:MaxSlow", "10")]);
        var site = await router.CreateSite();
        using var release = new CancellationTokenSource();
        for (var i = 0; i < 20; i++)
        {
            var hanging = await site.AddDestination($"hangs-{i}");
            router.Receiver.Answer(
                hanging.Path, (_, _) => Task.Delay(Timeout.Infinite, release.Token).ContinueWith(_ => { }, TaskScheduler.Default));
        }

        await Task.Delay(500);
        for (var i = 0; i < 60; i++)
            await site.PostLead();
        await router.Receiver.Wait(site.LeadManager.Path, 60);

        await release.CancelAsync();
        await Eventually.True(
            async () => await router.Query<long>(
                "select count(*) from deliveries where site_id = @Id and state = 'delivered'", new { site.Id }) == 60 * 21,
            "everything is delivered", seconds: 60);
        await site.AssertAccountedFor(events: 60);
    }

    [Fact]
    public async Task Retries_OfADestinationThatHangs_DoNotStandBeforeAnothers()
    {
        await using var router = await RouterFixture.Start(servers, workers: 1, NarrowLanes);
        var site = await router.CreateSite();
        var (hanging, flaky) = (await site.AddDestination("hangs"), await site.AddDestination("flaky"));
        var release = new TaskCompletionSource();
        router.Receiver.Answer(hanging.Path, async (context, request) =>
        {
            context.Response.StatusCode = request.Attempt == 1 ? 500 : 200;
            if (request.Attempt > 1)
                await release.Task;
        });
        var seen = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        router.Receiver.Answer(flaky.Path, (context, request) =>
        {
            context.Response.StatusCode = seen.TryAdd(request.MessageId, true) ? 500 : 200;
            return Task.CompletedTask;
        });

        for (var i = 0; i < 50; i++)
            await site.PostLead();
        await Eventually.Equal(50, () => Count(router, flaky, "delivered"), "the flaky one has all of its retries");
        release.SetResult();
        await Eventually.Equal(50, () => Count(router, hanging, "delivered"), "and so has the hanging one");
        await site.AssertAccountedFor(events: 50);
    }

    [Fact]
    public async Task Breaker_OfADestinationThatDoesNotAnswer_OpensAndNothingIsLost()
    {
        await using var router = await RouterFixture.Start(servers, workers: 1, ("Delivery:BreakerPause", "00:00:01"),
            ("Delivery:RetrySchedule", string.Join(',', Enumerable.Repeat("00:00:00.5", 40))));
        var site = await router.CreateSite();
        var port = TestHost.FreePort();
        var destination = await site.AddDestination("down", url: $"http://127.0.0.1:{port}/down");
        await Task.Delay(500);
        for (var i = 0; i < 200; i++)
            await site.PostLead();
        await router.Receiver.Wait(site.LeadManager.Path, 200);
        await Task.Delay(3000);
        // Without a breaker each lead would have been tried several times by now.
        Assert.InRange(await router.Query<long>("select count(*) from attempts where destination_id = @Id", new { destination.Id }), 20,
            199);

        await using var receiver = await Receiver.Start(port);
        await Eventually.Equal(200, () => Count(router, destination, "delivered"), "it is back and gets everything");
        Assert.Equal(200, receiver.At("/down").Count);
        await site.AssertAccountedFor(events: 200);
    }

    private static Task<long> Count(RouterFixture router, TestDestination destination, string state) =>
        router.Query<long>("select count(*) from deliveries where destination_id = @Id and state = @state", new { destination.Id, state });
}
