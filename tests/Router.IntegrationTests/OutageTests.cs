using System.Net;
using Router.IntegrationTests.Servers;

namespace Router.IntegrationTests;

/// <summary>Servers that go away and come back, which needs servers that nobody else uses.</summary>
public sealed class OutageTests
{
    [Fact]
    public async Task Database_StoppedForTenSeconds_NothingIsLostAndDeliveriesGoOn()
    {
        await using var servers = await PrivateServers.Start();
        await using var router = await Start(servers);
        var site = await router.CreateSite();
        var flaky = await site.AddDestination("flaky");
        router.Receiver.Answer(flaky.Path, 500, 200);
        await site.PostLead();
        await router.Receiver.Wait(site.LeadManager.Path, 1);

        var accepted = 1;
        await servers.StopPostgres();
        // Ten seconds of leads while the ledger is away; ingest goes on from what it knows.
        for (var until = TimeProvider.System.GetUtcNow().AddSeconds(10); TimeProvider.System.GetUtcNow() < until; accepted++)
        {
            await site.PostLead();
            await Task.Delay(50);
        }

        using var http = new HttpClient();
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri(router.Api.Url, "/health/ready"))).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await http.GetAsync(new Uri(router.Workers[0].Url, "/health/ready"))).StatusCode);
        await servers.StartPostgres();
        await site.PostLead();
        accepted++;

        await Eventually.True(
            async () => await router.Query<long>("select count(*) from deliveries where site_id = @Id and state = 'delivered'", new { site.Id }) == accepted * 2,
            "everything is delivered", seconds: 60);
        Assert.Equal(accepted, router.Receiver.At(site.LeadManager.Path).Select(request => request.MessageId).Distinct(StringComparer.Ordinal).Count());
        await site.AssertAccountedFor(accepted);
        await AssertNothingPutAside(router);
    }

    [Fact]
    public async Task Database_AwayWhenTheWorkerStarts_IsWaitedFor()
    {
        await using var servers = await PrivateServers.Start();
        await using var router = await Start(servers, workers: 0);
        var site = await router.CreateSite();
        await site.PostLead();
        await servers.StopPostgres();
        var worker = router.Host("Router.Worker");
        await Task.Delay(2000);
        await servers.StartPostgres();
        await worker.Ready();
        await router.Receiver.Wait(site.LeadManager.Path, 1);
    }

    [Fact]
    public async Task Broker_Stopped_Is503AndBackAgain201()
    {
        await using var servers = await PrivateServers.Start();
        await using var router = await Start(servers);
        var site = await router.CreateSite();
        await site.PostLead();
        await site.Delivery(site.LeadManager, "delivered");

        await servers.StopRabbitMq();
        var refused = await site.Post("""{"source":"s","email":"a@b.c"}""");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);

        await servers.StartRabbitMq();
        await Eventually.True(async () => (await site.Post("""{"source":"s","email":"a@b.c"}""")).IsSuccessStatusCode, "ingest is back", seconds: 60);
        await router.Receiver.Wait(site.LeadManager.Path, 2, seconds: 60);
        await AssertNothingPutAside(router);
    }

    private static async Task<RouterFixture> Start(PrivateServers servers, int workers = 1) =>
        await RouterFixture.Start(servers.Database.AbsoluteUri, await servers.Broker.CreateVirtualHost(), servers.Broker, workers);

    private static async Task AssertNothingPutAside(RouterFixture router) => Assert.DoesNotContain(
        (await router.Broker.Queues(router.VirtualHost)).EnumerateArray(),
        queue => queue.GetProperty("name").GetString()!.EndsWith("_error", StringComparison.Ordinal));
}
