using System.Net.Http.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Replays and the order within a lead.</summary>
public sealed class ReplayOrderTests(TestServers servers)
{
    [Fact]
    public async Task Replay_OfMany_KeepsTheOrder()
    {
        await using var router = await RouterFixture.Start(servers, workers: 1, ("Delivery:RetrySchedule", "00:00:00.3"));
        var site = await router.CreateSite();
        var destination = await site.AddDestination("down");
        router.Receiver.Answer(destination.Path, 500);
        for (var i = 0; i < 5; i++)
        {
            var lead = await site.PostLead();
            await site.UpdateLead(lead, "1");
            await site.UpdateLead(lead, "2");
        }

        await Eventually.Equal(10, () => site.Count("dead", destination, "updated"), "all are given up");
        var before = router.Receiver.At(destination.Path).Count;
        // The leads fail once more.
        router.Receiver.Answer(destination.Path, (context, request) =>
        {
            context.Response.StatusCode = request.Action == "created" && request.Attempt == 3 ? 500 : 200;
            return Task.CompletedTask;
        });
        using var replay = await router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/replays", new { state = "dead" });
        replay.EnsureSuccessStatusCode();

        await Eventually.Equal(10, () => site.Count("delivered", destination, "updated"), "all are delivered");
        var log = router.Receiver.At(destination.Path).Skip(before).ToList();
        Assert.All(log.GroupBy(LeadOrderTests.Lead), lead => Assert.Equal(["", "", "1", "2"], lead.Select(LeadOrderTests.Note)));
    }

    [Fact]
    public async Task Replay_OfAnOldOne_SaysThatNewerOnesWereDelivered()
    {
        await using var router = await RouterFixture.Start(servers);
        var site = await router.CreateSite();
        var lead = await site.PostLead();
        await site.UpdateLead(lead, "1");
        await site.Delivery(site.LeadManager, "delivered", action: "updated");
        using var owner = await PageClient.SignedIn(router, "owner", site.Id);
        foreach (var delivery in (await site.Deliveries()).GetProperty("items").EnumerateArray())
        {
            var html = await owner.Http.GetStringAsync(
                $"/sites/{site.Id}/deliveries/{delivery.GetProperty("event_id")}/{site.LeadManager.Id}");
            Assert.Equal(delivery.GetProperty("action").GetString() == "created",
                html.Contains("Newer messages of this lead were delivered here already", StringComparison.Ordinal));
        }
    }
}
