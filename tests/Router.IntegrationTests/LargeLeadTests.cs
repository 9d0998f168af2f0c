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
        // A quarter of 96 MiB is 27 of them.
        await Eventually.Equal(27, () => Task.FromResult(underWay), "as many as there is room for are under way");

        release.SetResult();
        await Eventually.Equal(
            Destinations * Leads, () => router.Query<int>(
                "select count(*)::int from deliveries where site_id = @Id and state = 'delivered' and destination_id <> @LeadManager",
                new { site.Id, LeadManager = site.LeadManager.Id }), "all arrive");
        Assert.Equal(27, most);
        await site.AssertAccountedFor(Leads);
    }

    [Fact]
    public async Task Bodies_ThatMappingsMakeOfSmallLeads_AreSoManyAtATime_Too()
    {
        await using var router = await RouterFixture.Start(
            servers, workers: 1, ("SiteLimits:InFlightAtHost", "1000"), ("Delivery:DeferDelay", "00:00:00.2"));
        var site = await router.CreateSite();
        var release = new TaskCompletionSource();
        var underWay = 0;
        // A hundred times fifteen thousand characters.
        var many = string.Join(',', Enumerable.Range(0, 100));
        var template = $$"""
            {"x":"{% assign many = "{{many}}" | split: "," %}{% for one in many %}{{new string('x', 15_000)}}{% endfor %}"}
            """;
        for (var i = 0; i < Destinations; i++)
        {
            var slow = await site.AddDestination($"slow {i}");
            await site.Patch(slow, new { mapping = new { actions = new { created = new { template } } } });
            router.Receiver.Answer(slow.Path, async (_, _) =>
            {
                Interlocked.Increment(ref underWay);
                await release.Task;
            });
        }

        await site.PostLead();
        // A quarter of 96 MiB is 16 of them.
        await Eventually.Equal(16, () => Task.FromResult(underWay), "as many as there is room for are under way");
        var more = await site.PostLead();
        await Eventually.Equal(
            Destinations, () => router.Query<int>(
                "select count(*)::int from lead_events e join deliveries d on d.event_id = e.id "
                + "where d.state = 'retrying' and e.lead_id = @more",
                new { more = Guid.Parse(more) }), "the next one is in the ledger");
        Assert.Equal(16, underWay);

        release.SetResult();
        await Eventually.Equal(
            0, () => router.Query<int>("select count(*)::int from deliveries where state <> 'delivered'"), "all arrive");
    }

    [Fact]
    public async Task Backlog_OfLargeLeads_FitsIntoTheMemoryOfAWorker_AndNoSmallLeadWaitsForIt()
    {
        // A worker of deploy/ may have a gigabyte, three quarters of it for what .NET keeps there.
        await using var router = await RouterFixture.StartProcesses(
            servers, workers: 0, ("DOTNET_GCHeapHardLimit", "30000000"), ("Delivery:DeferDelay", "00:00:00.2"));
        var (large, small) = (await router.CreateSite(), await router.CreateSite());
        // More than a lane has places.
        const int Backlog = 288;
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Backlog), new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (_, _) => await large.PostLead(new string('x', 990_000)));
        await Eventually.Equal(
            (Backlog, 0), async () => (await Messages("lead-events-large"), await Messages("lead-events")), "they wait apart");
        // Each is in hand for as long as a lane waits for an answer.
        var release = new TaskCompletionSource();
        router.Receiver.Answer(large.LeadManager.Path, (_, _) => release.Task);

        var worker = await router.Host("Router.Worker").Ready();
        await small.PostLead();
        await router.Receiver.Wait(small.LeadManager.Path, 1);
        Assert.True(await Messages("lead-events-large") > 0, "the small one waited for the large ones");

        release.SetResult();
        await Eventually.Equal(
            Backlog, () => router.Query<int>(
                "select count(distinct lead_id)::int from lead_events e join deliveries d on d.event_id = e.id "
                + "where d.state = 'delivered' and e.site_id = @Id", new { large.Id }),
            "all arrive", seconds: 180);
        // Without memory it loses its connection to RabbitMQ again and again.
        Assert.False(worker.HasExited);
        Assert.DoesNotContain("Channel Shutdown", worker.Output, StringComparison.Ordinal);

        async Task<int> Messages(string queue) => (await router.Broker.Queues(router.VirtualHost)).EnumerateArray()
            .Where(one => one.GetProperty("name").GetString() == queue)
            .Sum(one => one.TryGetProperty("messages", out var count) ? count.GetInt32() : 0);
    }
}
