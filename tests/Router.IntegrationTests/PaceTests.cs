using System.Globalization;
using System.Net.Http.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>A destination with a limit of leads a second gets no more of them from all workers together, fresh ones first.</summary>
public sealed class PaceTests(TestServers servers)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(20, 320)]
    [InlineData(100, 1500)]
    public async Task Leads_OverTwoWorkers_ComeNoFasterThanTheLimit_AndCostTheOthersNothing(int perSecond, int count)
    {
        await using var router = await RouterFixture.Start(
            servers, workers: 2, ("Delivery:DueInterval", "00:00:00.5"), ("Alerts:Interval", "00:00:00.6"),
            ("Alerts:AfterTime", "00:00:01"), ("Alerts:AfterLeads", "3"));
        var site = await router.CreateSite();
        var (paced, other) = (await site.AddDestination("paced"), await site.AddDestination("other"));
        await site.Patch(paced, new { max_per_second = perSecond });
        await InForce();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) => await site.PostNumbered(i));
        await router.Receiver.Wait(other.Path, count);
        // However long that took, most of the paced ones wait still.
        var meanwhile = router.Receiver.At(paced.Path).Count;
        await AnotherTrouble(router);
        var received = await router.Receiver.Wait(paced.Path, count, 120);

        var most = MostWithin(received, Window);
        var seconds = (received[^1].At - received[0].At).TotalSeconds;
        TestContext.Current.SendDiagnosticMessage(string.Create(CultureInfo.InvariantCulture,
            $"{count} leads in {seconds:0.0} s: {(count - 1) / seconds:0.0} a second, {most / 10.0:0.0} in the busiest ten seconds"));
        Assert.InRange(most, 1, MostInAWindow(perSecond));
        Assert.True(meanwhile < count, "the others waited for the paced one");
        Assert.Equal(count, received.Select(TestSite.Number).Distinct().Count());
        await Eventually.Equal(count, () => Delivered(router, paced), "all are recorded");
        // None of the waiting was an attempt, or anything to be alarmed at.
        Assert.Equal(0, await router.Query<int>("select count(*)::int from troubles where destination_id = @Id", paced));
        Assert.All(router.Receiver.At(paced.Path), request => Assert.Equal(1, request.Attempt));
        Assert.Equal(
            0, await router.Query<int>("select count(*)::int from deliveries where destination_id = @Id and attempts <> 1", paced));
        await site.AssertAccountedFor(count);
    }

    [Fact]
    public async Task LargeLead_WaitsForItsTurnInTheLedger_NotInMemory()
    {
        await using var router = await RouterFixture.Start(servers, workers: 1, ("Delivery:DueInterval", "00:00:00.1"));
        var site = await router.CreateSite();
        var destination = await site.AddDestination("paced");
        await site.Patch(destination, new { max_per_second = 0.5 });
        await InForce();
        const int leads = 4;
        for (var i = 0; i < leads; i++)
            await site.PostLead(new string('x', 100_000));
        await Eventually.Equal(leads, () => router.Query<int>(
            "select count(*)::int from deliveries where destination_id = @Id", destination), "each is in the ledger");
        // What waits in a worker's memory is leased to it before it is due.
        Assert.Equal(0, await router.Query<int>(
            "select count(*)::int from deliveries where destination_id = @Id and next_attempt_at > now() and leased_until > now()",
            destination));
        await router.Receiver.Wait(destination.Path, leads);
        await site.AssertAccountedFor(leads);
    }

    [Fact]
    public async Task FreshLead_GoesBeforeABacklog_WhichIsNeverLeftOut()
    {
        await using var router = await RouterFixture.Start(
            servers, workers: 2, ("Delivery:PauseTick", "00:00:00.2"), ("Delivery:DueInterval", "00:00:00.5"));
        var site = await router.CreateSite();
        var destination = await site.AddDestination("paced");
        await site.Patch(destination, new { paused = true, max_per_second = 3 });
        await InForce();
        const int backlog = 40;
        for (var i = 0; i < backlog; i++)
            await site.PostNumbered(i);
        await Eventually.Equal(backlog, () => State(router, destination, "held"), "a backlog is held");
        await site.Patch(destination, new { paused = false });
        var before = (await router.Receiver.Wait(destination.Path, 8)).Count;

        // What a fresh lead finds before it is what was on its way by then.
        await site.PostNumbered(1000);
        await Eventually.True(() => router.Receiver.At(destination.Path).Any(request => TestSite.Number(request) == 1000), "it arrives");
        var place = router.Receiver.At(destination.Path).Select(TestSite.Number).ToList().IndexOf(1000);
        TestContext.Current.SendDiagnosticMessage($"The fresh lead came as number {place + 1}, asked for after {before} of {backlog}");
        Assert.InRange(place, before, backlog - 10);

        await router.Receiver.Wait(destination.Path, backlog + 1, 120);
        await Eventually.Equal(backlog + 1, () => State(router, destination, "delivered"), "all are delivered");
        Assert.Equal(backlog + 1, router.Receiver.At(destination.Path).Count);
        Assert.InRange(MostWithin(router.Receiver.At(destination.Path), Window), 1, MostInAWindow(3));
        await site.AssertAccountedFor(backlog + 1);
    }

    [Fact]
    public async Task Worker_KilledWhileLeadsWaitForTheirTurn_LosesNone()
    {
        await using var router = await RouterFixture.StartProcesses(servers, workers: 2);
        var site = await router.CreateSite();
        var destination = await site.AddDestination("paced");
        await site.Patch(destination, new { max_per_second = 4 });
        await InForce();
        const int count = 40;
        for (var i = 0; i < count; i++)
            await site.PostNumbered(i);
        await router.Receiver.Wait(destination.Path, 3);
        await router.Workers[0].Kill();

        await Eventually.Equal(count, () => Delivered(router, destination), "all are delivered", 120);
        Assert.Equal(count, router.Receiver.At(destination.Path).Select(TestSite.Number).Distinct().Count());
        await site.AssertAccountedFor(count);
    }

    [Fact]
    public async Task Test_OfAPacedDestination_DoesNotWaitForItsBacklog()
    {
        await using var router = await RouterFixture.Start(servers, workers: 1, ("Delivery:PauseTick", "00:00:00.2"));
        var site = await router.CreateSite();
        var destination = await site.AddDestination("paced");
        await site.Patch(destination, new { max_per_second = 0.1 });
        await InForce();
        for (var i = 0; i < 5; i++)
            await site.PostNumbered(i);
        await Eventually.True(async () => await State(router, destination, "retrying") >= 3, "leads wait");
        using var started = await router.Admin.PostAsJsonAsync(
            $"/api/sites/{site.Id}/destinations/{destination.Id}/checks", new { go_live = false });
        started.EnsureSuccessStatusCode();
        await Eventually.Equal(
            1, () => router.Query<int>(
                "select count(*)::int from deliveries where destination_id = @Id and is_test and state = 'delivered'", destination),
            "the test is over");
        Assert.NotEqual(5, await State(router, destination, "delivered"));
    }

    /// <summary>Once it is found, the paced one was looked at, too.</summary>
    private static async Task AnotherTrouble(RouterFixture router)
    {
        var site = await router.CreateSite();
        var down = await site.AddDestination("down");
        router.Receiver.Answer(down.Path, 500);
        await site.PostLead();
        await Eventually.True(
            async () => await router.Query<int>("select count(*)::int from troubles where destination_id = @Id", down) > 0, "it is found");
    }

    // In ten seconds, and a fifth more than the limit.
    private static int MostInAWindow(int perSecond) => perSecond * 10 * 12 / 10;

    private static Task InForce() => Task.Delay(1500, TestContext.Current.CancellationToken);

    private static int MostWithin(IReadOnlyList<Received> requests, TimeSpan window)
    {
        var times = requests.Select(request => request.At).Order().ToList();
        return times.Max(first => times.Count(at => at >= first && at < first + window));
    }

    private static Task<int> Delivered(RouterFixture router, TestDestination destination) => State(router, destination, "delivered");

    private static Task<int> State(RouterFixture router, TestDestination destination, string state) => router.Query<int>(
        "select count(*)::int from deliveries where destination_id = @Id and state = @state and not is_test",
        new { destination.Id, state });
}
