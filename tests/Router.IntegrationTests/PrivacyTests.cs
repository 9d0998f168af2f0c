using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>What leads hold and what destinations trust us with must never be printed, whatever happens to them.</summary>
public sealed class PrivacyTests(TestServers servers)
{
    [Fact]
    public async Task Output_WhileALinkIsUsed_DoesNotHoldIt()
    {
        // A line within the request, which isn't there by default.
        await using var router = await RouterFixture.StartProcesses(
            servers, workers: 0, ("Serilog:MinimumLevel:Override:Microsoft.AspNetCore.Mvc", "Information"));
        var (_, link) = await PageClient.Invite(router, "operator");
        using var response = await router.Admin.PostAsync(link, new FormUrlEncodedContent([new("password", "a form without its token")]));
        Assert.Equal(400, (int)response.StatusCode);
        await Eventually.True(
            () => Task.FromResult(router.Output.Contains("\"RequestPath\":\"/invitation/", StringComparison.Ordinal)), "it is logged");
        Assert.DoesNotContain(link.Split('/')[^1], router.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Output_OfAllHosts_HoldsNoLeadAndNoSecret()
    {
        // Everything that can be logged is: nothing may hide behind a level.
        await using var router = await RouterFixture.StartProcesses(
            servers, workers: 1, ("Serilog:MinimumLevel:Default", "Verbose"), ("Serilog:MinimumLevel:Override:Router", "Verbose"),
            ("Serilog:MinimumLevel:Override:MassTransit", "Verbose"), ("Serilog:MinimumLevel:Override:Npgsql", "Verbose"),
            ("Serilog:MinimumLevel:Override:Microsoft", "Verbose"));
        var site = await router.CreateSite();
        var destination = await site.AddDestination("fails");
        await site.Patch(destination, new { secret = "MARKER-secret", partner_id = "MARKER-partner" });
        router.Receiver.Answer(destination.Path, async (context, _) =>
        {
            context.Response.StatusCode = 500;
            await context.Response.Body.WriteAsync("MARKER-answer"u8.ToArray());
        });

        // Delivered at Lead Manager, dead at the other one.
        Assert.Equal(201, (int)(await site.Post(Lead("a@MARKER.test"))).StatusCode);
        await site.Delivery(site.LeadManager, "delivered");
        await site.Delivery(destination, "dead");
        // Refused at the door, for its fields and for its shape.
        Assert.Equal(422, (int)(await site.Post(Lead("MARKER-no-address"))).StatusCode);
        Assert.Equal(400, (int)(await site.Post(Lead("a@MARKER.test") + "MARKER")).StatusCode);
        Assert.Equal(413, (int)(await site.Post($$"""{"x":"{{string.Concat(Enumerable.Repeat("MARKER", 200_000))}}"}""")).StatusCode);
        // Understood by nobody: set aside.
        await router.Broker.Publish(router.VirtualHost, "lead-events", $$"""{"event_id":"MARKER","lead":{{Lead("a@MARKER.test")}}}""");
        await router.Broker.Publish(router.VirtualHost, "lead-events", "MARKER");
        await Eventually.True(
            async () => await router.Query<long>("select count(*) from set_aside") == 2,
            "malformed messages are put aside");
        foreach (var worker in router.Workers)
            Assert.Equal(0, await worker.Stop());
        Assert.Equal(0, await router.Api.Stop());

        var output = router.Output;
        Assert.Contains("delivered at first attempt", output, StringComparison.Ordinal);
        Assert.Contains("the schedule is used up", output, StringComparison.Ordinal);
        Assert.DoesNotContain("MARKER", output, StringComparison.Ordinal);
        Assert.DoesNotContain(RouterFixture.AdminToken, output, StringComparison.Ordinal);
        Assert.DoesNotContain("lead manager's secret", output, StringComparison.Ordinal);
        foreach (var setting in new[] { "Database:ConnectionString", "RabbitMq:Uri" })
            Assert.DoesNotContain(new Uri(router.Settings[setting]).UserInfo.Split(':')[1], output, StringComparison.Ordinal);
    }

    private static string Lead(string email) => JsonSerializer.Serialize(new
    {
        source = "MARKER source", email, first_name = "MARKER", phone = "MARKER-555", notes = "MARKER notes", MARKERkey = 1,
        activities = new[] { new { type = "visited", source = "MARKER", description = "MARKER" } },
    });
}
