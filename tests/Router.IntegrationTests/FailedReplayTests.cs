using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Replays that fail: what the receiver had before, it still has.</summary>
public sealed class FailedReplayTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Theory]
    [InlineData(500, 5)]
    [InlineData(406, 2)]
    public async Task Delivery_DeliveredBeforeAndFailingItsReplay_StaysDelivered(int status, int attempts)
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("forgetful");
        await Replay(site, destination, (context, _) =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        });
        var after = await Eventually.Get(
            () => site.Delivery(destination, "delivered"), delivery => Attempts(delivery).Count == attempts, "the replay is used up");
        Assert.Equal(["delivered", .. Enumerable.Repeat(status == 406 ? "rejected" : "failed", attempts - 1)], Attempts(after));
        Assert.DoesNotContain(destination.Id.ToString(), (await _router.Broker.Peek(_router.VirtualHost, "lead-dead-letters")).ToString(),
            StringComparison.Ordinal);
        await site.AssertAccountedFor(1);
        Assert.Equal(1, await _router.Query<int>(
            "select delivered::int from statement where destination_id = @Id", new { destination.Id }));

        // It can be replayed again.
        _router.Receiver.Answer(destination.Path, 200);
        await Again(site, destination);
        await Eventually.Get(() => site.Delivery(destination, "delivered"), delivery =>
            Attempts(delivery).Count == attempts + 1, "the next replay gets through");
    }

    [Fact]
    public async Task Destination_SwitchedOffWhileAReplayWaits_LeavesItDelivered()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("leaving");
        await Replay(site, destination, (context, _) =>
        {
            context.Response.StatusCode = 503;
            context.Response.Headers.RetryAfter = "3600";
            return Task.CompletedTask;
        });
        await Eventually.True(async () => Attempts(await site.Delivery(destination, "retrying")).Count == 2, "it waits");
        Assert.Equal(1, (await site.Patch(destination, new { active = false })).GetProperty("canceled_deliveries").GetInt32());
        Assert.Equal(["delivered", "failed"], Attempts(await site.Delivery(destination, "delivered")));
        await site.AssertAccountedFor(1);
    }

    /// <summary>Delivers a lead and asks for it again, with this answer from then on.</summary>
    private async Task Replay(TestSite site, TestDestination destination, Func<HttpContext, Received, Task> answer)
    {
        await site.PostLead();
        await site.Delivery(destination, "delivered");
        _router.Receiver.Answer(destination.Path, answer);
        await Again(site, destination);
    }

    private async Task Again(TestSite site, TestDestination destination)
    {
        var id = (await site.Delivery(destination, "delivered")).GetProperty("event_id").GetString();
        (await _router.Admin.PostAsync($"/api/sites/{site.Id}/deliveries/{id}/{destination.Id}/replay", content: null))
            .EnsureSuccessStatusCode();
    }

    private static List<string> Attempts(JsonElement delivery) =>
        [.. delivery.GetProperty("attempts").EnumerateArray().Select(attempt => attempt.GetProperty("result").GetString()!)];
}
