using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Router.IntegrationTests.Servers;

namespace Router.IntegrationTests;

/// <summary>A broker that doesn't confirm: ingest goes on, and nothing is lost or doubled by the hand-over.</summary>
public sealed class OutboxTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    [Fact]
    public async Task Broker_Stopped_LeadsAreAcceptedAndPublishedInTheirOrderWhenItIsBack()
    {
        await using var servers = await PrivateServers.Start();
        await using var router = await Start(servers);
        var site = await router.CreateSite();
        await site.PostLead();
        await site.Delivery(site.LeadManager, "delivered");
        await router.Workers[0].Stop();

        await servers.StopRabbitMq();
        for (var i = 0; i < 300; i++)
            await Accept(site, i);
        using var http = new HttpClient();
        var health = await http.GetAsync(new Uri(router.Api.Url, "/health/ready"));
        Assert.Equal((HttpStatusCode.OK, "Degraded"), (health.StatusCode, JsonDocument.Parse(await health.Content.ReadAsStringAsync()).RootElement.GetProperty("status").GetString()));
        Assert.Equal(300, await Waiting(router));

        await servers.StartRabbitMq();
        await Eventually.True(async () => await Waiting(router) == 0, "the outbox is empty", seconds: 60);
        var places = (await router.Broker.Peek(router.VirtualHost, "lead-events")).EnumerateArray()
            .Select(message => JsonDocument.Parse(message.GetProperty("payload").GetString()!).RootElement.GetProperty("lead").GetProperty("place").GetInt32())
            .Distinct().ToList();
        Assert.Equal(Enumerable.Range(0, 300), places);

        // And on the ordinary way again.
        await Accept(site, 300);
        Assert.Equal(0, await Waiting(router));
        await router.Host("Router.Worker").Ready();
        await Eventually.True(
            async () => await router.Query<long>("select count(*) from deliveries where site_id = @Id and state = 'delivered'", new { site.Id }) == 302,
            "everything is delivered", seconds: 60);
        await site.AssertAccountedFor(302);
        var received = router.Receiver.At(site.LeadManager.Path);
        Assert.Equal((302, 302), (received.Count, received.Select(request => request.MessageId).Distinct(StringComparer.Ordinal).Count()));
    }

    [Fact]
    public async Task Api_KilledWhileLeadsWait_TheNextOneStartedPublishesThem()
    {
        await using var servers = await PrivateServers.Start();
        await using var router = await Start(servers);
        var site = await router.CreateSite();
        await servers.StopRabbitMq();
        await Accept(site, 1);
        await router.Api.Kill();

        await servers.StartRabbitMq();
        router.Host("Router.Api");
        await router.Receiver.Wait(site.LeadManager.Path, 1, seconds: 60);
        await site.AssertAccountedFor(1);
    }

    [Fact]
    public async Task BrokerAndDatabase_BothStopped_Is503WithinTheSendersPatience()
    {
        await using var servers = await PrivateServers.Start();
        await using var router = await Start(servers, workers: 0);
        var site = await router.CreateSite();
        await site.PostLead();
        await servers.StopRabbitMq();
        await Accept(site, 1);
        await servers.StopPostgres();

        var watch = Stopwatch.StartNew();
        var refused = await site.Post("""{"source":"refused","email":"a@b.c"}""");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "5"), (refused.StatusCode, refused.Headers.RetryAfter?.ToString()));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), "The sender had given up.");

        // What was refused is nowhere: the sender says it again.
        await servers.StartRabbitMq();
        await Eventually.True(async () => (await site.Post("""{"source":"s","email":"a@b.c"}""")).IsSuccessStatusCode, "the broker alone is enough", seconds: 60);
        await servers.StartPostgres();
        await Eventually.True(async () => await Waiting(router) == 0, "the outbox is empty", seconds: 60);
        Assert.DoesNotContain("refused", (await router.Broker.Peek(router.VirtualHost, "lead-events")).GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task BrokerAndDatabase_BothFrozen_Is503WithinTheSendersPatienceAndWhatWasAcceptedArrives()
    {
        await using var servers = await PrivateServers.Start();
        await using var router = await Start(servers);
        var site = await router.CreateSite();
        await Accept(site, 0);
        // It accepts connections as before, and says nothing.
        await servers.FreezeRabbitMq();
        await Accept(site, 1);
        await servers.FreezePostgres();

        foreach (var _ in Enumerable.Range(0, 3))
        {
            var watch = Stopwatch.StartNew();
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await site.Post("""{"source":"refused","email":"a@b.c"}""")).StatusCode);
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), "The sender had given up.");
        }

        await servers.ThawPostgres();
        await Eventually.True(async () => (await site.Post("""{"source":"s","email":"a@b.c","place":2}""")).IsSuccessStatusCode, "the database alone is enough");
        await servers.ThawRabbitMq();
        await Accept(site, 3);
        await Eventually.True(
            () => router.Receiver.At(site.LeadManager.Path).Select(Place).ToHashSet().IsSupersetOf([0, 1, 2, 3]), "what was accepted arrives", seconds: 60);
    }

    [Fact]
    public async Task Broker_AwayFromOneApi_AnotherOnePublishesWhatThatOneKept()
    {
        await using var router = await RouterFixture.Start(shared.Servers, workers: 0);
        var site = await router.CreateSite();
        // The same database, and a broker's port where nobody listens.
        router.Settings["RabbitMq:Uri"] = $"amqp://nobody:secret@127.0.0.1:{HostProcess.FreePort()}/";
        var cut = await router.Host("Router.Api").Ready();

        var accepted = await site.Post("""{"source":"s","email":"a@b.c","deep":[[[["é"]]]],"price":2.50}""", change: request => request.RequestUri = new Uri(cut.Url, $"/rest/sites/{site.Id}/leads"));
        Assert.Equal(HttpStatusCode.Created, accepted.StatusCode);
        var messages = await Eventually.Get(
            () => router.Broker.Peek(router.VirtualHost, "lead-events"), queue => queue.GetArrayLength() > 0, "the other one publishes it");
        Assert.EndsWith(""","lead":{"source":"s","email":"a@b.c","deep":[[[["é"]]]],"price":2.50}}""", Assert.Single(messages.EnumerateArray()).GetProperty("payload").GetString(), StringComparison.Ordinal);
    }

    private static async Task Accept(TestSite site, int place)
    {
        var watch = Stopwatch.StartNew();
        var accepted = await site.Post($$"""{"source":"s","email":"a@b.c","place":{{place}}}""");
        Assert.Equal(HttpStatusCode.Created, accepted.StatusCode);
        // No benchmark: after that a sender has given up, and the lead counts as lost with him.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), "The sender had given up.");
    }

    private static int Place(Received request) => JsonDocument.Parse(request.Body).RootElement.TryGetProperty("place", out var place) ? place.GetInt32() : -1;

    private static Task<long> Waiting(RouterFixture router) => router.Query<long>("select count(*) from lead_outbox");

    private static async Task<RouterFixture> Start(PrivateServers servers, int workers = 1) =>
        await RouterFixture.Start(servers.Database.AbsoluteUri, await servers.Broker.CreateVirtualHost(), servers.Broker, workers);
}
