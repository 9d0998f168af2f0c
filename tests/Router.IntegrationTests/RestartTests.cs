using Router.Core.Deliveries;
using Router.Core.Leads;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Hosts and servers that start again in whatever order.</summary>
public sealed class RestartTests
{
    [Fact]
    public async Task Broker_AwayWhenTheApiStarts_SendersAreAnsweredAndItConnectsByItself()
    {
        await using var servers = await PrivateServers.Borrow();
        await using var router = await RouterFixture.StartProcesses(servers);
        var site = await router.CreateSite();
        await servers.StopRabbitMq();
        await router.Api.Kill();
        var api = router.Host("Router.Api");
        Task<HttpResponseMessage> Post() => site.Post(
            """{"source":"s","email":"a@b.c"}""", change: request =>
                request.RequestUri = new Uri(api.Url, request.RequestUri!.PathAndQuery));

        await Eventually.True(async () => await Answers(Post), "it answers");
        await servers.StartRabbitMq();
        await Eventually.True(
            async () => await Answers(async () => (await Post()).EnsureSuccessStatusCode()), "ingest is back", seconds: 60);
        await router.Receiver.Wait(site.LeadManager.Path, 1, seconds: 60);
    }

    [Fact]
    public async Task Everything_KilledAtOnceWithLeadsInFlight_EachArrives()
    {
        await using var servers = await PrivateServers.Borrow();
        // All of them are in the lane: planned, pending, and not acknowledged.
        await using var router = await RouterFixture.StartProcesses(servers, workers: 1, ("Delivery:Patience", "00:00:04.9"));
        var site = await router.CreateSite();
        using var release = new CancellationTokenSource();
        router.Receiver.Answer(
            site.LeadManager.Path, (_, _) => Task.Delay(Timeout.Infinite, release.Token).ContinueWith(_ => { }, TaskScheduler.Default));
        await Parallel.ForAsync(0, 100, async (_, _) => await site.PostLead());
        await router.Receiver.Wait(site.LeadManager.Path, 100);
        await Eventually.True(() =>
            servers.Keeps(router.VirtualHost, [.. LeadEvent.Queues, RetryDelivery.QueueName, DeadLetter.QueueName]),
            "its queues are kept");

        await Task.WhenAll(router.Workers[0].Kill(), router.Api.Kill(), servers.KillRabbitMq(), servers.KillPostgres());
        await release.CancelAsync();
        await Task.WhenAll(servers.StartPostgres(), servers.StartRabbitMq());
        await router.Host("Router.Worker").Ready();

        await Eventually.True(
            async () => await router.Query<long>("select count(*) from deliveries where site_id = @Id and state = 'delivered'",
                new { site.Id }) == 100, "all are delivered", seconds: 60);
        Assert.Equal(100, router.Receiver.At(site.LeadManager.Path).Select(request => request.MessageId).Distinct(StringComparer.Ordinal)
            .Count());
        await site.AssertAccountedFor(100);
        await router.AssertNothingPutAside();
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
}
