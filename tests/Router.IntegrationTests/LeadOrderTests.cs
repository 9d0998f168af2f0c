using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>The events of one lead arrive at a destination in the order in which their senders heard that they were accepted.</summary>
public sealed class LeadOrderTests(TestServers servers)
{
    /// <summary>Long enough for any of these tests.</summary>
    private static readonly string Schedule = string.Join(',', Enumerable.Repeat("00:00:00.5", 100));

    [Fact]
    public async Task Pairs_SentAtOnceAfterTheAnswer_ArriveInTheirOrderAtAllDestinations()
    {
        await using var router = await RouterFixture.Start(servers, workers: 2);
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

        await Parallel.ForAsync(0, 100, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (_, _) =>
        {
            var lead = await site.PostLead();
            await Update(site, lead, 1);
        });

        foreach (var destination in destinations)
        {
            var isFlaky = destination == destinations[^1];
            var log = await router.Receiver.Wait(destination.Path, isFlaky ? 400 : 200);
            var taken = log.Where(request => !isFlaky || request.Attempt > 1).GroupBy(Lead);
            Assert.All(taken, lead => Assert.Equal(["created", "updated"], lead.Select(request => request.Action)));
            // Nor was it tried before.
            Assert.All(log.GroupBy(Lead), lead => Assert.Equal(
                isFlaky ? ["created", "created", "updated", "updated"] : (string[])["created", "updated"],
                lead.Select(request => request.Action)));
        }

        await site.AssertAccountedFor(200);
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
            await Update(site, lead, i);

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
    public async Task Earlier_GivenUp_LetsTheLaterOneGo()
    {
        await using var router = await RouterFixture.Start(servers, workers: 1, ("Delivery:RetrySchedule", "00:00:02"));
        var site = await router.CreateSite();
        var destination = await site.AddDestination("takes-no-new-leads");
        router.Receiver.Answer(destination.Path, (context, request) =>
        {
            context.Response.StatusCode = request.Action == "created" ? 500 : 200;
            return Task.CompletedTask;
        });
        var lead = await site.PostLead();
        await Update(site, lead, 1);
        await site.Delivery(destination, "held", action: "updated");
        await site.Delivery(destination, "dead");
        await site.Delivery(destination, "delivered", action: "updated");

        // A replay of the old one waits for nothing.
        router.Receiver.Answer(destination.Path, 200);
        using var replay = await router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/replays", new { state = "dead" });
        replay.EnsureSuccessStatusCode();
        await site.Delivery(destination, "delivered");
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
            await Update(site, lead, 1);
            await Update(site, lead, 2);
        }

        await Eventually.Equal(20, () => site.Count("held", destination, "updated"), "all are held");
        await site.Patch(destination, new { paused = false });
        var log = (await router.Receiver.Wait(destination.Path, 30)).GroupBy(Lead);
        Assert.All(log, lead => Assert.Equal(["", "1", "2"], lead.Select(Note)));
    }

    [Fact]
    public async Task Erasure_OfTheLead_LeavesNothingWaiting()
    {
        await using var router = await RouterFixture.Start(servers, workers: 1, ("Delivery:RetrySchedule", Schedule));
        var site = await router.CreateSite();
        var destination = await site.AddDestination("down");
        router.Receiver.Answer(destination.Path, 500);
        var lead = await site.PostLead();
        await Update(site, lead, 1);
        await Update(site, lead, 2);
        await Eventually.Equal(2, () => site.Count("held", destination, "updated"), "they wait");
        (await router.Admin.DeleteAsync($"/api/sites/{site.Id}/leads/{Guid.Parse(lead):D}")).EnsureSuccessStatusCode();

        await Eventually.Equal(0, () => Waits(router, site), "nothing waits any more");
        Assert.Equal(2, await site.Count("canceled", destination, "updated"));
    }

    [Fact]
    public async Task Destination_SwitchedOff_LeavesNothingWaiting()
    {
        await using var router = await RouterFixture.Start(servers, workers: 1, ("Delivery:RetrySchedule", Schedule));
        var site = await router.CreateSite();
        var destination = await site.AddDestination("to-be-off");
        router.Receiver.Answer(destination.Path, 500);
        var lead = await site.PostLead();
        await Update(site, lead, 1);
        await site.Delivery(destination, "held", action: "updated");
        await site.Patch(destination, new { active = false });

        await site.Delivery(destination, "canceled", action: "updated");
        await Eventually.Equal(0, () => Waits(router, site), "nothing waits any more");
    }

    [Fact]
    public async Task Wait_WhoseEndWasMissed_IsForgotten()
    {
        await using var router = await RouterFixture.Start(servers, workers: 1, ("Delivery:PauseTick", "00:00:00.2"));
        var site = await router.CreateSite();
        var destination = await site.AddDestination("hangs");
        using var release = new CancellationTokenSource();
        router.Receiver.Answer(destination.Path, (_, request) =>
            request.Action == "created" ? Task.Delay(Timeout.Infinite, release.Token) : Task.CompletedTask);
        var lead = await site.PostLead();
        await Update(site, lead, 1);
        await site.Delivery(destination, "held", action: "updated");

        // As if the worker had died between the outcome and what follows it.
        await using (var database = await router.OpenDatabase())
        {
            await database.ExecuteAsync("set session_replication_role = replica");
            await database.ExecuteAsync(
                """
                update deliveries set state = 'delivered', next_attempt_at = null, leased_until = null, finished_at = now(), attempts = 1
                where destination_id = @Id and state = 'retrying'
                """, destination);
            await database.ExecuteAsync("set session_replication_role = origin");
        }

        await site.Delivery(destination, "delivered", action: "updated");
        await release.CancelAsync();
    }

    [Fact]
    public async Task Follower_PlannedFirst_WaitsForTheOneBefore()
    {
        await using var router = await RouterFixture.Start(servers);
        var site = await router.CreateSite();
        var (lead, first, second) = (Guid.NewGuid().ToString("N"), NewId(), NewId());
        await Publish(router, site, lead, second, "updated", follows: first);
        await site.Delivery(site.LeadManager, "held", action: "updated");
        await Publish(router, site, lead, first, "created", follows: null);

        var log = await router.Receiver.Wait(site.LeadManager.Path, 2);
        Assert.Equal(["created", "updated"], log.Select(request => request.Action));
    }

    [Fact]
    public async Task Follower_OfOneThatIsNeverPlanned_WaitsForSomeMinutesOnly()
    {
        await using var router = await RouterFixture.Start(servers, workers: 1, ("Delivery:PauseTick", "00:00:00.2"));
        var site = await router.CreateSite();
        await Publish(router, site, Guid.NewGuid().ToString("N"), NewId(), "updated", follows: NewId());
        await site.Delivery(site.LeadManager, "held", action: "updated");

        await router.Query<int>(
            "with later as (update delivery_waits set since = since - interval '2 minutes' returning 1) select count(*)::int from later");
        await site.Delivery(site.LeadManager, "delivered", action: "updated");
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
                await Update(site, lead, 1);
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

    private static Guid NewId() => Guid.CreateVersion7(TimeProvider.System.GetUtcNow());

    private static Task Publish(RouterFixture router, TestSite site, string lead, Guid id, string action, Guid? follows) =>
        router.Broker.Publish(router.VirtualHost, "lead-events", JsonSerializer.Serialize(new Dictionary<string, object?>
        {
            ["event_id"] = id, ["site_id"] = site.Id, ["action"] = action, ["lead_id"] = lead,
            ["accepted_at"] = TimeProvider.System.GetUtcNow(), ["product"] = "web", ["source_system"] = "Test", ["follows"] = follows,
            ["lead"] = new { id = lead, notes = "" },
        }));

    private static async Task Create(TestSite site, string lead)
    {
        using var taken = await TestSite.UntilTaken(() => site.Post($$"""{"id":"{{lead}}","source":"test","email":"a@b.c","notes":""}"""));
        taken.EnsureSuccessStatusCode();
    }

    private static async Task Update(TestSite site, string lead, int note)
    {
        using var taken = await TestSite.UntilTaken(
            () => site.Send(HttpMethod.Patch, $"/leads/{lead}", $$"""{"notes":"{{note}}"}"""));
        taken.EnsureSuccessStatusCode();
    }

    private static string Lead(Received request) => request.Json.GetProperty("id").GetString()!;

    private static string Note(Received request) => request.Json.GetProperty("notes").GetString()!;

    private static Task<long> Waits(RouterFixture router, TestSite site) =>
        router.Query<long>("select count(*) from delivery_waits where site_id = @Id", new { site.Id });
}
