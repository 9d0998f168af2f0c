using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>A destination may do without order.</summary>
public sealed class LeadOrderChoiceTests(TestServers servers)
{
    [Fact]
    public async Task Destination_WithoutOrder_GetsLaterEventsAtOnce()
    {
        await using var router = await RouterFixture.Start(
            servers, workers: 1, ("Delivery:RetrySchedule", LeadOrderTests.Schedule), ("Delivery:PauseTick", "00:00:00.2"));
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

        var changed = await site.Patch(destination, new { keep_order = false });
        Assert.False(changed.GetProperty("keep_order").GetBoolean());
        // What waits there already, too.
        await site.Delivery(destination, "delivered", action: "updated");
        await site.UpdateLead(lead, "2");
        await Eventually.Equal(2, () => site.Count("delivered", destination, "updated"), "later events don't wait for it");
        Assert.Equal(1, await site.Count("retrying", destination, "created"));
    }
}
