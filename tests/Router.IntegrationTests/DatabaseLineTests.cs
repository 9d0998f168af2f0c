using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>
/// The line between a host and Postgres breaks: after Postgres has done what it was asked for and before the host has heard of it, or in
/// silence.
/// </summary>
public sealed class DatabaseLineTests(TestServers servers)
{
    [Fact]
    public async Task Answer_LostAfterTheEventWasPlanned_ItIsSentAllTheSameAndOnce()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0);
        await using var line = await StartWorkerBehindALine(router);
        var site = await router.CreateSite();
        await site.PostLead();
        await site.Delivery(site.LeadManager, "delivered");

        line.Deafen();
        var leads = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => site.PostLead()));
        await Eventually.True(
            async () => await router.Query<long>("select count(*) from lead_events where site_id = @Id and body is not null",
                new { site.Id }) > 1, "Postgres has planned one at least");
        line.Cut();
        line.Fix();

        var received = await router.Receiver.Wait(site.LeadManager.Path, 6, seconds: 60);
        Assert.Superset(leads.ToHashSet(StringComparer.Ordinal),
            received.Select(request => request.Json.GetProperty("id").GetString()!).ToHashSet(StringComparer.Ordinal));
        await site.AssertAccountedFor(6);
        Assert.Equal(6, router.Receiver.At(site.LeadManager.Path).Count);
    }

    [Fact]
    public async Task Answer_LostAfterTheOutcomeWasRecorded_ItCountsOnceAndIsNotSentAgain()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0);
        await using var line = await StartWorkerBehindALine(router);
        var site = await router.CreateSite();
        var release = new TaskCompletionSource();
        router.Receiver.Answer(site.LeadManager.Path, (_, _) => release.Task);
        await site.PostLead();
        await router.Receiver.Wait(site.LeadManager.Path, 1);

        line.Deafen();
        release.SetResult();
        await site.Delivery(site.LeadManager, "delivered");
        line.Cut();
        line.Fix();

        // Behind it in the same worker, so that what was in doubt has been settled before.
        await site.PostLead();
        await router.Receiver.Wait(site.LeadManager.Path, 2);
        await site.AssertAccountedFor(2);
        Assert.Equal(2, router.Receiver.At(site.LeadManager.Path).Count);
        Assert.Equal((2, 2), (
            await router.Query<int>("select count(*)::int from attempts where destination_id = @Id", site.LeadManager),
            await router.Query<int>("select sum(attempts)::int from deliveries where destination_id = @Id", site.LeadManager)));
    }

    [Fact]
    public async Task Connections_DeadWhileTheBrokerIsAway_TheOutboxSoonHasOthers()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0, ("Outbox:CommitTimeout", "00:00:00.7"));
        var site = await router.CreateSite();
        var database = router.Settings["Database:ConnectionString"];
        await using var line = new TcpProxy(new Uri(database));
        router.Settings["Database:ConnectionString"] = line.Url(database);
        router.Settings["RabbitMq:Uri"] = $"amqp://nobody:secret@127.0.0.1:{TestHost.FreePort()}/";
        var api = await router.Host("Router.Api").Ready();
        router.Settings["Database:ConnectionString"] = database;
        Assert.True(await IsAccepted());
        await Task.WhenAll(Enumerable.Range(0, 50)
            .Select(_ => router.Admin.GetAsync(new Uri(api.Url, $"/api/sites/{site.Id}/deliveries"))));
        Assert.InRange(await router.Query<long>("select count(*) from pg_stat_activity where datname = current_database()"), 10, 100);

        // As when Postgres has moved to another machine: none of them hears of it.
        line.Silence();
        line.Fix();
        // Each of them on its turn would take two seconds and more.
        await Eventually.True(IsAccepted, "leads are accepted again", seconds: 30);

        async Task<bool> IsAccepted() => (await site.Post(
            """{"source":"s","email":"a@b.c"}""", change: request =>
                request.RequestUri = new Uri(api.Url, request.RequestUri!.PathAndQuery))).IsSuccessStatusCode;
    }

    private static async Task<TcpProxy> StartWorkerBehindALine(RouterFixture router)
    {
        var database = router.Settings["Database:ConnectionString"];
        var line = new TcpProxy(new Uri(database));
        router.Settings["Database:ConnectionString"] = line.Url(database);
        await router.Host("Router.Worker").Ready();
        // The fixture looks into the database by itself.
        router.Settings["Database:ConnectionString"] = database;
        return line;
    }
}
