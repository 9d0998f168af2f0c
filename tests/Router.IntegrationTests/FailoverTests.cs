using System.Net;
using Dapper;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>A standby takes the primary's place: hosts find it by themselves, and what the old one had not passed on isn't lost.</summary>
public sealed class FailoverTests(TestServers servers)
{
    /// <summary>What a worker writes of an attempt, while it waits for the standby.</summary>
    private const string Recording = """
        select coalesce(min(pid), 0) from pg_stat_activity
        where wait_event = 'SyncRep' and datname = current_database() and query like 'with made%'
        """;

    // The second request of these tests is a first attempt that is made anew.
    private static readonly (string, string) LaterRetries = ("Delivery:RetrySchedule", "00:02:00");

    [Fact]
    public async Task Primary_DeadBeforeItHasPassedOnWhatItCommitted_NoLeadIsLost()
    {
        await using var pair = await PostgresPair.Start();
        await using var router = await Start(pair, LaterRetries);
        var site = await router.CreateSite();
        router.Receiver.Answer(site.LeadManager.Path, 500, 500, 200);
        pair.SilenceLine();

        // Planned, sent and refused; that it is to be retried waits for the standby. The wait is cut short, as by its time limit or by its
        // keeper: Postgres then says that it is committed, and warns that the standby may not have it.
        await site.PostLead();
        await router.Receiver.Wait(site.LeadManager.Path, 1);
        var waiting = await Eventually.Get(() => router.Query<int>(Recording), pid => pid > 0, "an outcome waits for the standby");
        await router.Query<bool>("select pg_cancel_backend(@waiting)", new { waiting });
        await Eventually.True(() => router.Query<bool>("select exists (select from deliveries)"), "it is committed");

        // The plan of another one, which waits for nobody.
        await site.PostLead();
        await router.Receiver.Wait(site.LeadManager.Path, 2);
        Assert.Equal(2, await router.Query<long>("select count(*) from lead_events where product <> ''"));

        await pair.KillPrimary();
        await pair.Promote();
        router.DatabaseNow = new Uri(pair.Standby, router.DatabaseNow!.AbsolutePath);
        await router.Receiver.Wait(site.LeadManager.Path, 4);
        await site.AssertAccountedFor(events: 2);
    }

    /// <summary>The harder way: the old one lives, keeps its connections, and merely takes no more rows.</summary>
    [Fact]
    public async Task Primary_FencedUnderLoadAndReplaced_EveryPathFindsTheNewOne()
    {
        await using var pair = await PostgresPair.Start();
        await using var router = await Start(pair);
        var site = await router.CreateSite();
        var sent = 0;
        using var over = new CancellationTokenSource();
        var load = Task.Run(async () =>
        {
            for (; !over.IsCancellationRequested; sent++)
            {
                using var answer = await site.Post("""{"source":"test","email":"jack@mail.test"}""");
                Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
                await Task.Delay(20);
            }
        });
        await router.Receiver.Wait(site.LeadManager.Path, 20);

        await using (var old = await router.OpenDatabase())
        {
            await old.ExecuteAsync("alter system set default_transaction_read_only = on");
            await old.ExecuteAsync("select pg_reload_conf()");
        }

        await pair.Promote();
        router.DatabaseNow = new Uri(pair.Standby, router.DatabaseNow!.AbsolutePath);
        var before = sent;
        await Eventually.True(
            async () =>
            {
                // A lead that was refused says so, instead of a wait for leads that nobody sends any more.
                if (load.IsFaulted)
                    await load;
                return await router.Query<bool>("select count(*) > @before + 20 from deliveries where state = 'delivered'", new { before });
            },
            "deliveries are recorded there");

        // Configuration, its announcement, and secrets that were encrypted before; then a host that never saw the old one as it was.
        var other = await site.AddDestination("other");
        Assert.True((await router.Receiver.Wait(other.Path, 1))[0].IsSignedWith(other.Secret));
        Assert.True(router.Receiver.At(site.LeadManager.Path)[^1].IsSignedWith(site.LeadManager.Secret));
        await router.Host("Router.Worker").Ready();
        await over.CancelAsync();
        await load;
        await Eventually.Equal(
            sent, () => router.Query<int>(
                "select count(distinct event_id)::int from deliveries where destination_id = @Id and state = 'delivered'",
                new { site.LeadManager.Id }),
            "all are delivered");
        await router.AssertNothingPutAside();
        await site.AssertAccountedFor(events: sent);
    }

    private async Task<RouterFixture> Start(PostgresPair pair, params (string Key, string Value)[] settings)
    {
        var database = await pair.CreateDatabase();
        var router = await RouterFixture.Start(
            database, await servers.Broker.CreateVirtualHost(), servers.Broker, workers: 1, settings);
        router.DatabaseNow = new Uri(pair.Primary, $"/{database.Split('/')[^1]}");
        return router;
    }
}
