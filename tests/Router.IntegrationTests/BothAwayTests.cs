using System.Diagnostics;
using System.Net;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>With neither broker nor database a lead is refused while its sender still waits; what was accepted before is kept.</summary>
public sealed class BothAwayTests
{
    [Fact]
    public async Task BrokerAndDatabase_BothStopped_Is503WithinTheSendersPatience()
    {
        await using var servers = await PrivateServers.Borrow();
        await using var router = await RouterFixture.StartProcesses(servers, workers: 0);
        var site = await router.CreateSite();
        await site.PostLead();
        await servers.StopRabbitMq();
        await site.PostNumbered(1);
        await servers.StopPostgres();

        var watch = Stopwatch.StartNew();
        var refused = await site.Post("""{"source":"refused","email":"a@b.c"}""");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "5"), (refused.StatusCode, refused.Headers.RetryAfter?.ToString()));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), "It waits for the servers.");

        // What was refused is nowhere: the sender says it again.
        await servers.StartRabbitMq();
        await Eventually.True(async () =>
            (await site.Post("""{"source":"s","email":"a@b.c"}""")).IsSuccessStatusCode, "the broker alone is enough", seconds: 60);
        await servers.StartPostgres();
        await Eventually.Equal(
            0, () => router.Query<long>("select count(*) from lead_outbox"), "the outbox is empty", seconds: 60);
        Assert.DoesNotContain(
            "refused", (await router.Broker.Peek(router.VirtualHost, "lead-events")).GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task BrokerAndDatabase_BothFrozen_Is503WithinTheSendersPatienceAndWhatWasAcceptedArrives()
    {
        await using var servers = await PrivateServers.Borrow();
        await using var router = await RouterFixture.StartProcesses(servers);
        var site = await router.CreateSite();
        await site.PostNumbered(0);
        // It accepts connections as before, and says nothing.
        await servers.FreezeRabbitMq();
        await site.PostNumbered(1);
        await servers.FreezePostgres();

        foreach (var _ in Enumerable.Range(0, 3))
        {
            var watch = Stopwatch.StartNew();
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await site.Post("""{"source":"refused","email":"a@b.c"}""")).StatusCode);
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), "It waits for the servers.");
        }

        await servers.ThawPostgres();
        await Eventually.True(async () =>
            (await site.Post("""{"source":"s","email":"a@b.c","number":2}""")).IsSuccessStatusCode, "the database alone is enough");
        await servers.ThawRabbitMq();
        await site.PostNumbered(3);
        await Eventually.True(
            () => router.Receiver.At(site.LeadManager.Path).Select(TestSite.Number).ToHashSet().IsSupersetOf([0, 1, 2, 3]),
            "what was accepted arrives", seconds: 60);
    }
}
