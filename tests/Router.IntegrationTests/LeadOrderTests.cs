using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>The events of one lead arrive at a destination in the order in which their senders heard that they were accepted.</summary>
public sealed class LeadOrderTests(TestServers servers)
{
    /// <summary>Long enough for any of these tests.</summary>
    internal static readonly string Schedule = string.Join(',', Enumerable.Repeat("00:00:00.5", 100));

    [Fact]
    public async Task Pairs_SentToTwoApisAtOnceAfterTheAnswer_ArriveInTheirOrderAtAllDestinations()
    {
        const int pairs = 500;
        await using var router = await RouterFixture.Start(servers, workers: 2);
        var other = await router.Host("Router.Api").Ready();
        var site = await router.CreateSite();
        List<TestDestination> destinations = [site.LeadManager];
        for (var i = 0; i < 4; i++)
            destinations.Add(await site.AddDestination($"d{i}"));
        // One fails each first attempt.
        router.Receiver.Answer(destinations[^1].Path, (context, request) =>
        {
            context.Response.StatusCode = request.Attempt == 1 ? 500 : 200;
            return Task.CompletedTask;
        });

        await Parallel.ForAsync(0, pairs, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (_, _) =>
        {
            var lead = await site.PostLead();
            await site.UpdateLead(lead, "1", other);
        });

        foreach (var destination in destinations)
        {
            var isFlaky = destination == destinations[^1];
            var log = await router.Receiver.Wait(destination.Path, isFlaky ? pairs * 4 : pairs * 2, seconds: 120);
            var taken = log.Where(request => !isFlaky || request.Attempt > 1).GroupBy(Lead);
            Assert.All(taken, lead => Assert.Equal(["created", "updated"], lead.Select(request => request.Action)));
            // Nor was it tried before.
            Assert.All(log.GroupBy(Lead), lead => Assert.Equal(
                isFlaky ? ["created", "created", "updated", "updated"] : (string[])["created", "updated"],
                lead.Select(request => request.Action)));
        }

        await site.AssertAccountedFor(pairs * 2);
        Assert.Equal(0, await router.Query<long>("select count(*) from delivery_waits"));
    }

    [Fact]
    public async Task Events_BehindOneThatFails_WaitForItAndNobodyElseDoes()
    {
        await using var router = await RouterFixture.Start(servers, workers: 1, ("Delivery:RetrySchedule", Schedule));
        var site = await router.CreateSite();
        var destination = await site.AddDestination("fails-once");
        var other = await site.AddDestination("well");
        var lead = Guid.NewGuid().ToString("N");
        var fails = true;
        router.Receiver.Answer(destination.Path, (context, request) =>
        {
            context.Response.StatusCode = Volatile.Read(ref fails) && Lead(request) == lead ? 500 : 200;
            return Task.CompletedTask;
        });
        await Create(site, lead);
        await router.Receiver.Wait(destination.Path, 1);
        for (var i = 1; i <= 5; i++)
            await site.UpdateLead(lead, $"{i}");

        await Eventually.Equal(5, () => site.Count("held", destination, "updated"), "they wait");
        // Neither another destination nor another lead waits with them.
        await router.Receiver.Wait(other.Path, 6);
        var next = await site.PostLead();
        await Eventually.True(
            () => router.Receiver.At(destination.Path).Any(request => Lead(request) == next), "another lead gets through");
        Assert.DoesNotContain(router.Receiver.At(destination.Path), request => request.Action == "updated");
        var waiting = (await site.Deliveries()).GetProperty("items").EnumerateArray()
            .First(row => row.GetProperty("state").GetString() == "held");
        Assert.NotEqual(Guid.Empty, waiting.GetProperty("waits_for").GetGuid());
        Assert.Equal(0, waiting.GetProperty("attempts").GetInt32());

        Volatile.Write(ref fails, false);
        await Eventually.Equal(5, () => site.Count("delivered", destination, "updated"), "they go on");
        var log = router.Receiver.At(destination.Path).Where(request => Lead(request) == lead && request.Action == "updated").ToList();
        Assert.Equal(["1", "2", "3", "4", "5"], log.Select(Note));
        Assert.All(log, request => Assert.Equal(1, request.Attempt));
        await site.AssertAccountedFor(7);
    }

    [Fact]
    public async Task Pause_OfADestination_KeepsTheOrder()
    {
        await using var router = await RouterFixture.Start(servers, workers: 1, ("Delivery:PauseTick", "00:00:00.2"));
        var site = await router.CreateSite();
        var destination = await site.AddDestination("by-hand");
        await site.Patch(destination, new { paused = true });
        var leads = new List<string>();
        for (var i = 0; i < 10; i++)
            leads.Add(await site.PostLead());
        await Eventually.True(async () => await site.Count("held", destination, "created") > 0, "it is paused");
        foreach (var lead in leads)
        {
            await site.UpdateLead(lead, "1");
            await site.UpdateLead(lead, "2");
        }

        await Eventually.Equal(20, () => site.Count("held", destination, "updated"), "all are held");
        await site.Patch(destination, new { paused = false });
        var log = (await router.Receiver.Wait(destination.Path, 30)).GroupBy(Lead);
        Assert.All(log, lead => Assert.Equal(["", "1", "2"], lead.Select(Note)));
    }

    [Fact]
    public async Task Worker_Killed_KeepsTheOrder()
    {
        // What the killed one had just leased to the queue is queued once more after that.
        await using var router = await RouterFixture.StartProcesses(servers, workers: 2, ("Delivery:QueueLease", "00:00:05"));
        var site = await router.CreateSite();
        using var ended = new CancellationTokenSource();
        var sending = Parallel.ForAsync(0, 4, async (_, _) =>
        {
            while (!ended.IsCancellationRequested)
            {
                var lead = await site.PostLead();
                await site.UpdateLead(lead, "1");
            }
        });
        await router.Receiver.Wait(site.LeadManager.Path, 50);
        await router.Workers[0].Kill();
        await router.Receiver.Wait(site.LeadManager.Path, router.Receiver.At(site.LeadManager.Path).Count + 100);
        await ended.CancelAsync();
        await sending;

        await Eventually.Equal("", () => router.Query<string>(
            """
            select coalesce(string_agg(concat_ws(' ', e.id, e.action, coalesce(d.state, 'planned'), 'waits for ' || w.waits_for), ', '), '')
            from lead_events e
            left join deliveries d on d.event_id = e.id
            left join delivery_waits w on w.event_id = e.id
            where e.product <> '' and d.state is distinct from 'delivered'
            """), "all is delivered", seconds: 120);
        Assert.All(router.Receiver.At(site.LeadManager.Path).GroupBy(Lead), lead =>
        {
            var actions = lead.Select(request => request.Action).ToList();
            Assert.True(actions.LastIndexOf("created") < actions.IndexOf("updated"), string.Join(", ", actions));
        });
    }

    private static async Task Create(TestSite site, string lead)
    {
        using var taken = await TestSite.UntilTaken(() => site.Post($$"""{"id":"{{lead}}","source":"test","email":"a@b.c","notes":""}"""));
        taken.EnsureSuccessStatusCode();
    }

    internal static string Lead(Received request) => request.Json.GetProperty("id").GetString()!;

    internal static string Note(Received request) => request.Json.GetProperty("notes").GetString()!;
}
