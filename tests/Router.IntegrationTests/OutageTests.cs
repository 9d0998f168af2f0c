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

    [Fact]
    public async Task Broker_AwayWhenTheApiStarts_SendersAreAnsweredAndItConnectsByItself()
    {
        await using var servers = await PrivateServers.Start();
        await using var router = await Start(servers);
        var site = await router.CreateSite();
        await servers.StopRabbitMq();
        await router.Api.Kill();
        var api = router.Host("Router.Api");
        Task<HttpResponseMessage> Post() => site.Post(
            """{"source":"s","email":"a@b.c"}""", change: request => request.RequestUri = new Uri(api.Url, request.RequestUri!.PathAndQuery));

        await Eventually.True(async () => await Answers(Post), "it answers");
        await servers.StartRabbitMq();
        await Eventually.True(async () => await Answers(async () => (await Post()).EnsureSuccessStatusCode()), "ingest is back", seconds: 60);
        await router.Receiver.Wait(site.LeadManager.Path, 1, seconds: 60);
    }

    [Fact]
    public async Task Everything_KilledAtOnceWithLeadsInFlight_EachArrives()
    {
        await using var servers = await PrivateServers.Start();
        // All of them are in the lane: planned, pending, and not acknowledged.
        await using var router = await Start(servers, workers: 1, ("Delivery:Patience", "00:00:04.9"));
        var site = await router.CreateSite();
        using var release = new CancellationTokenSource();
        router.Receiver.Answer(site.LeadManager.Path, (_, _) => Task.Delay(Timeout.Infinite, release.Token).ContinueWith(_ => { }, TaskScheduler.Default));
        await Parallel.ForAsync(0, 100, async (_, _) => await site.PostLead());
        await router.Receiver.Wait(site.LeadManager.Path, 100);

        await Task.WhenAll(router.Workers[0].Kill(), router.Api.Kill(), servers.KillRabbitMq(), servers.KillPostgres());
        await release.CancelAsync();
        await Task.WhenAll(servers.StartPostgres(), servers.StartRabbitMq());
        await router.Host("Router.Worker").Ready();

        await Eventually.True(
            async () => await router.Query<long>("select count(*) from deliveries where site_id = @Id and state = 'delivered'", new { site.Id }) == 100, "all are delivered", seconds: 60);
        Assert.Equal(100, router.Receiver.At(site.LeadManager.Path).Select(request => request.MessageId).Distinct(StringComparer.Ordinal).Count());
        await site.AssertAccountedFor(100);
        await AssertNothingPutAside(router);
    }

    private static async Task<bool> Answers(Func<Task<HttpResponseMessage>> request)
    {
        try
        {
            using var response = await request();
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static async Task<RouterFixture> Start(PrivateServers servers, int workers = 1, params (string Key, string Value)[] settings) =>
        await RouterFixture.Start(servers.Database.AbsoluteUri, await servers.Broker.CreateVirtualHost(), servers.Broker, workers, settings);

    private static async Task AssertNothingPutAside(RouterFixture router) => Assert.DoesNotContain(
        (await router.Broker.Queues(router.VirtualHost)).EnumerateArray(),
        queue => queue.GetProperty("name").GetString()!.EndsWith("_error", StringComparison.Ordinal));
}
