using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>A lead of a megabyte for many receivers that take their time: what has no room in memory waits in the ledger.</summary>
public sealed class LargeLeadTests(TestServers servers)
{
    private const int Destinations = 30;
    private const int Leads = 3;

    [Fact]
    public async Task Bodies_OfReceiversThatTakeLong_AreSoManyAtATime_AndAllArrive()
    {
        await using var router = await RouterFixture.Start(
            servers, workers: 1, ("SiteLimits:InFlightAtHost", "1000"), ("Delivery:DeferDelay", "00:00:00.2"));
        var site = await router.CreateSite();
        var release = new TaskCompletionSource();
        var (underWay, most) = (0, 0);
        var slow = new List<TestDestination>();
        for (var i = 0; i < Destinations; i++)
        {
            slow.Add(await site.AddDestination($"slow {i}"));
            router.Receiver.Answer(slow[i].Path, async (_, _) =>
            {
                most = Math.Max(most, Interlocked.Increment(ref underWay));
                await release.Task;
                Interlocked.Decrement(ref underWay);
            });
        }

        for (var i = 0; i < Leads; i++)
            await site.PostLead(new string('x', 900_000));
        await router.Receiver.Wait(site.LeadManager.Path, Leads);
        await Eventually.Equal(
            Destinations * Leads, () => router.Query<int>(
                "select count(*)::int from deliveries where site_id = @Id and state = 'retrying'", new { site.Id }),
            "all are in the ledger");
        // Half of 128 MiB is 74 of them.
        await Eventually.Equal(74, () => Task.FromResult(underWay), "as many as there is room for are under way");

        release.SetResult();
        await Eventually.Equal(
            Destinations * Leads, () => router.Query<int>(
                "select count(*)::int from deliveries where site_id = @Id and state = 'delivered' and destination_id <> @LeadManager",
                new { site.Id, LeadManager = site.LeadManager.Id }), "all arrive");
        Assert.Equal(74, most);
        await site.AssertAccountedFor(Leads);
    }

    [Fact]
    public async Task Backlog_OfLargeLeads_FitsIntoTheMemoryOfAWorker()
    {
        // A worker of deploy/ may have a gigabyte, three quarters of it for what .NET keeps there.
        await using var router = await RouterFixture.StartProcesses(servers, workers: 0, ("DOTNET_GCHeapHardLimit", "30000000"));
        var site = await router.CreateSite();
        // As many as a worker takes from the queue at a time, and some more.
        const int Backlog = 288;
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Backlog), new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (_, _) => await site.PostLead(new string('x', 990_000)));
        // Each is in hand for as long as a lane waits for an answer.
        router.Receiver.Answer(site.LeadManager.Path, (_, _) => Task.Delay(TimeSpan.FromSeconds(2)));

        var worker = await router.Host("Router.Worker").Ready();

        await Eventually.Equal(
            Backlog, () => router.Query<int>(
                "select count(distinct lead_id)::int from lead_events e join deliveries d on d.event_id = e.id where d.state = 'delivered'"),
            "all arrive", seconds: 180);
        // Without memory it loses its connection to RabbitMQ again and again.
        Assert.False(worker.HasExited);
        Assert.DoesNotContain("Channel Shutdown", worker.Output, StringComparison.Ordinal);
    }
}
