using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>What waits for an earlier event of its lead goes on however that one ends, and even if it never comes.</summary>
public sealed class LeadOrderEndTests(TestServers servers)
{
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
        await site.UpdateLead(lead, "1");
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
    public async Task Erasure_OfTheLead_LeavesNothingWaiting()
    {
        await using var router = await RouterFixture.Start(servers, workers: 1, ("Delivery:RetrySchedule", LeadOrderTests.Schedule));
        var site = await router.CreateSite();
        var destination = await site.AddDestination("down");
        router.Receiver.Answer(destination.Path, 500);
        var lead = await site.PostLead();
        await site.UpdateLead(lead, "1");
        await site.UpdateLead(lead, "2");
        await Eventually.Equal(2, () => site.Count("held", destination, "updated"), "they wait");
        (await router.Admin.DeleteAsync($"/api/sites/{site.Id}/leads/{Guid.Parse(lead):D}")).EnsureSuccessStatusCode();

        await Eventually.Equal(0, () => Waits(router, site), "nothing waits any more");
        Assert.Equal(2, await site.Count("canceled", destination, "updated"));
    }

    [Fact]
    public async Task Destination_SwitchedOff_LeavesNothingWaiting()
    {
        await using var router = await RouterFixture.Start(servers, workers: 1, ("Delivery:RetrySchedule", LeadOrderTests.Schedule));
        var site = await router.CreateSite();
        var destination = await site.AddDestination("to-be-off");
        router.Receiver.Answer(destination.Path, 500);
        var lead = await site.PostLead();
        await site.UpdateLead(lead, "1");
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
        await site.UpdateLead(lead, "1");
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
    public async Task Two_ThatFollowEachOther_BothArrive()
    {
        await using var router = await RouterFixture.Start(servers, workers: 1, ("Delivery:PauseTick", "00:00:00.2"));
        var site = await router.CreateSite();
        var (lead, first, second) = (Guid.NewGuid().ToString("N"), NewId(), NewId());
        await Publish(router, site, lead, first, "updated", follows: second);
        await site.Delivery(site.LeadManager, "held", action: "updated");
        await Publish(router, site, lead, second, "updated", follows: first);
        await router.Receiver.Wait(site.LeadManager.Path, 2);
        await Eventually.Equal(0, () => Waits(router, site), "nothing waits any more");
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

    private static Guid NewId() => Guid.CreateVersion7(TimeProvider.System.GetUtcNow());

    private static Task Publish(RouterFixture router, TestSite site, string lead, Guid id, string action, Guid? follows) =>
        router.Broker.Publish(router.VirtualHost, "lead-events", JsonSerializer.Serialize(new Dictionary<string, object?>
        {
            ["event_id"] = id, ["site_id"] = site.Id, ["action"] = action, ["lead_id"] = lead,
            ["accepted_at"] = TimeProvider.System.GetUtcNow(), ["product"] = "web", ["source_system"] = "Test", ["follows"] = follows,
            ["lead"] = new { id = lead, notes = "" },
        }));

    private static Task<long> Waits(RouterFixture router, TestSite site) =>
        router.Query<long>("select count(*) from delivery_waits where site_id = @Id", new { site.Id });
}
