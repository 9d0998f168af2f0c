using System.Net;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Servers that go away and come back, which needs servers that nobody else uses.</summary>
public sealed class OutageTests
{
    [Fact]
    public async Task Database_StoppedForTenSeconds_NothingIsLostAndDeliveriesGoOn()
    {
        await using var servers = await PrivateServers.Borrow();
        await using var router = await RouterFixture.StartProcesses(servers);
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
            async () => await router.Query<long>(
                "select count(*) from deliveries where site_id = @Id and state = 'delivered'", new { site.Id }) == accepted * 2,
            "everything is delivered", seconds: 60);
        Assert.Equal(accepted,
            router.Receiver.At(site.LeadManager.Path).Select(request => request.MessageId).Distinct(StringComparer.Ordinal).Count());
        await site.AssertAccountedFor(accepted);
        await router.AssertNothingPutAside();
    }

    [Fact]
    public async Task Database_AwayWhenTheWorkerStarts_IsWaitedFor()
    {
        await using var servers = await PrivateServers.Borrow();
        await using var router = await RouterFixture.StartProcesses(servers, workers: 0);
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
    public async Task Worker_StoppedWhileItWaitsForTheDatabase_ItsEventsGoBackToTheQueue()
    {
        await using var servers = await PrivateServers.Borrow();
        await using var router = await RouterFixture.StartProcesses(servers);
        // A site that the worker doesn't know yet.
        var site = await router.CreateSite();
        await router.Workers[0].Freeze();
        for (var i = 0; i < 10; i++)
            await site.PostLead();
        await servers.StopPostgres();
        await router.Workers[0].Thaw();
        await Eventually.True(
            () => router.Output.Contains("Postgres is not available", StringComparison.Ordinal), "the worker waits for it");

        Assert.Equal(0, await router.Workers[0].Stop());
        await servers.StartPostgres();
        await router.AssertNothingPutAside();
        await router.Host("Router.Worker").Ready();
        await router.Receiver.Wait(site.LeadManager.Path, 10);
        await site.AssertAccountedFor(10);
    }
}
