using System.Net;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>A broker that doesn't confirm: ingest goes on, and nothing is lost or doubled by the hand-over.</summary>
public sealed class OutboxTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    [Fact]
    public async Task Broker_Stopped_LeadsAreAcceptedAndPublishedInTheirOrderWhenItIsBack()
    {
        await using var servers = await PrivateServers.Borrow();
        await using var router = await RouterFixture.StartProcesses(servers);
        var site = await router.CreateSite();
        await site.PostLead();
        await site.Delivery(site.LeadManager, "delivered");
        await router.Workers[0].Stop();

        await servers.StopRabbitMq();
        for (var i = 0; i < 300; i++)
            await site.PostNumbered(i);
        using var http = new HttpClient();
        var health = await http.GetAsync(new Uri(router.Api.Url, "/health/ready"));
        Assert.Equal((HttpStatusCode.OK, "Degraded"),
            (health.StatusCode,
            JsonDocument.Parse(await health.Content.ReadAsStringAsync()).RootElement.GetProperty("status").GetString()));
        Assert.Equal(300, await Waiting(router));

        await servers.StartRabbitMq();
        await Eventually.Equal(0, () => Waiting(router), "the outbox is empty", seconds: 60);
        var numbers = (await router.Broker.Peek(router.VirtualHost, "lead-events")).EnumerateArray()
            .Select(message => JsonDocument.Parse(message.GetProperty("payload").GetString()!).RootElement.GetProperty("lead")
                .GetProperty("number").GetInt32())
            .Distinct().ToList();
        Assert.Equal(Enumerable.Range(0, 300), numbers);

        // And on the ordinary way again.
        await site.PostNumbered(300);
        Assert.Equal(0, await Waiting(router));
        await router.Host("Router.Worker").Ready();
        await Eventually.True(
            async () => await router.Query<long>(
                "select count(*) from deliveries where site_id = @Id and state = 'delivered'", new { site.Id }) == 302,
            "everything is delivered", seconds: 60);
        await site.AssertAccountedFor(302);
        var received = router.Receiver.At(site.LeadManager.Path);
        Assert.Equal((302, 302), (received.Count, received.Select(request => request.MessageId).Distinct(StringComparer.Ordinal).Count()));
    }

    [Fact]
    public async Task Api_KilledWhileLeadsWait_TheNextOneStartedPublishesThem()
    {
        await using var servers = await PrivateServers.Borrow();
        await using var router = await RouterFixture.StartProcesses(servers);
        var site = await router.CreateSite();
        await servers.StopRabbitMq();
        await site.PostNumbered(1);
        await router.Api.Kill();

        await servers.StartRabbitMq();
        router.Host("Router.Api");
        await router.Receiver.Wait(site.LeadManager.Path, 1, seconds: 60);
        await site.AssertAccountedFor(1);
    }

    [Fact]
    public async Task Broker_AwayFromOneApi_AnotherOnePublishesWhatThatOneKept()
    {
        await using var router = await RouterFixture.Start(shared.Servers, workers: 0);
        var site = await router.CreateSite();
        // The same database, and a broker's port where nobody listens.
        router.Settings["RabbitMq:Uri"] = $"amqp://nobody:secret@127.0.0.1:{TestHost.FreePort()}/";
        var cut = await router.Host("Router.Api").Ready();

        var accepted = await site.Post("""{"source":"s","email":"a@b.c","deep":[[[["é"]]]],"price":2.50}""", change: request =>
            request.RequestUri = new Uri(cut.Url, $"/rest/sites/{site.Id}/leads"));
        Assert.Equal(HttpStatusCode.Created, accepted.StatusCode);
        var messages = await Eventually.Get(
            () => router.Broker.Peek(router.VirtualHost, "lead-events"), queue => queue.GetArrayLength() > 0, "the other one publishes it");
        Assert.EndsWith(""","lead":{"source":"s","email":"a@b.c","deep":[[[["é"]]]],"price":2.50}}""",
            Assert.Single(messages.EnumerateArray()).GetProperty("payload").GetString(), StringComparison.Ordinal);
    }

    private static Task<long> Waiting(RouterFixture router) => router.Query<long>("select count(*) from lead_outbox");
}
