using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>A destination's backlog beside its own fresh leads.</summary>
public sealed class BacklogTests(TestServers servers)
{
    [Fact]
    public async Task FreshLead_WhileABacklogIsDrained_GoesPastIt()
    {
        await using var router = await RouterFixture.Start(
            servers, workers: 1, ("Delivery:MaxInFlight", "4"), ("Delivery:PauseTick", "00:00:00.2"), ("Delivery:Patience", "00:00:00.2"),
            ("Delivery:RequestTimeout", "00:01:00"), ("Delivery:Lease", "00:01:10"));
        var site = await router.CreateSite();
        var destination = await site.AddDestination("slow");
        await site.Patch(destination, new { paused = true });
        await Task.Delay(1000, TestContext.Current.CancellationToken);
        for (var i = 0; i < 20; i++)
            await site.PostLead("old");
        await Eventually.Equal(20, () => Count("held"), "a backlog is held");
        var release = new TaskCompletionSource();
        router.Receiver.Answer(destination.Path, (_, _) => release.Task);

        // The backlog takes all places but one, however long that takes, and the fresh lead takes that one.
        await site.Patch(destination, new { paused = false });
        await Eventually.Equal(0, () => Count("held"), "all of it is on its way");
        await router.Receiver.Wait(destination.Path, 3);
        await Task.Delay(1000, TestContext.Current.CancellationToken);
        Assert.Equal(3, router.Receiver.At(destination.Path).Count);
        var fresh = await site.PostLead("fresh");
        var received = await router.Receiver.Wait(destination.Path, 4);
        Assert.Equal(fresh, received[3].Json.GetProperty("id").GetString());

        release.SetResult();
        await Eventually.Equal(21, () => Count("delivered"), "all of it is delivered");
        Assert.Equal(21, router.Receiver.At(destination.Path).Count);
        await site.AssertAccountedFor(21);

        Task<int> Count(string state) =>
            router.Query<int>(
            "select count(*)::int from deliveries where destination_id = @Id and state = @state", new { destination.Id, state });
    }
}
