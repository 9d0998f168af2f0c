using System.Net;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>The whole way behind a pooler of connections, where no session is anybody's own.</summary>
public sealed class PgBouncerTests(TestServers servers)
{
    [Fact]
    public async Task Router_BehindPgBouncerInTransactionMode_WorksOnEveryPath()
    {
        var direct = await servers.CreateDatabase();
        await using var bouncer = await PgBouncer.Start(servers.Database);
        await using var router = await RouterFixture.Start(
            bouncer.Url(direct), await servers.Broker.CreateVirtualHost(), servers.Broker, workers: 2);
        var site = await router.CreateSite();
        var flaky = await site.AddDestination("flaky");
        router.Receiver.Answer(flaky.Path, 500, 500, 200);

        // Statements that stay prepared would clash from the second use on.
        for (var wave = 0; wave < 8; wave++)
            await Task.WhenAll(Enumerable.Range(0, 25).Select(_ => Post(site)));
        await Eventually.True(() => AllDelivered(router, 400), "all are delivered", seconds: 90);

        // A change is in force soon, although nobody can listen.
        await site.Patch(flaky, new { active = false });
        await Eventually.True(
            async () =>
            {
                await Post(site);
                return await router.Query<bool>(
                    "select cardinality(destinations) = 1 from lead_events where product <> '' order by planned_at desc limit 1");
            },
            "new leads go to the other one only");

        // Long work under a lock, and its end.
        await Eventually.True(() => AllDelivered(router, 401), "all are delivered", seconds: 90);
        await using (var later = new LaterRetention(router, days: 31))
            await later.Tend();
        Assert.Equal(0, await router.Query<int>("select count(body)::int from lead_events where product <> ''"));
        await Post(site);
        await Eventually.True(() => AllDelivered(router, 402), "leads go on");
        await Eventually.True(
            async () => await router.Query<int>(
                "select count(*)::int from pg_locks where locktype = 'advisory' "
                + "and database = (select oid from pg_database where datname = current_database())") == 0,
            "no lock stays behind in a session");
        await router.AssertNothingPutAside();
        foreach (var state in new[] { "42P05", "26000", "08P01" })
            Assert.DoesNotContain($"{state}: ", router.Output, StringComparison.Ordinal);
        Assert.Contains("There is a pooler of connections before Postgres", router.Output, StringComparison.Ordinal);
        Assert.All(router.Workers, worker => Assert.False(worker.HasExited));
    }

    [Fact]
    public async Task Primary_BehindItsPoolerDies_HostsGoOnThroughThePoolerOfTheStandby()
    {
        await using var pair = await PostgresPair.Start();
        await using var dying = await PgBouncer.Start(pair.Primary);
        await using var living = await PgBouncer.Start(pair.Standby);
        var database = new Uri(await Postgres.CreateDatabase(pair.Primary));
        await using var router = await RouterFixture.Start(
            $"postgres://{database.UserInfo}@{living.Authority},{dying.Authority}{database.AbsolutePath}",
            await servers.Broker.CreateVirtualHost(), servers.Broker, workers: 1);
        router.DatabaseNow = database;
        var site = await router.CreateSite();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Post(site)));
        await Eventually.True(() => AllDelivered(router, 20), "all are delivered");

        await pair.KillPrimary();
        await pair.Promote();
        router.DatabaseNow = new Uri(pair.Standby, database.AbsolutePath);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Post(site)));
        await Eventually.True(() => AllDelivered(router, 40), "all are delivered", seconds: 120);
        await site.AssertAccountedFor(events: 40);
    }

    /// <summary>As senders do: again, while the answer is 503.</summary>
    private static Task Post(TestSite site) => Eventually.True(
        async () =>
        {
            using var answer = await site.Post("""{"source":"test","email":"jack@mail.test"}""");
            Assert.Contains(answer.StatusCode, new[] { HttpStatusCode.Created, HttpStatusCode.ServiceUnavailable });
            return answer.StatusCode is HttpStatusCode.Created;
        },
        "the lead is taken");

    /// <summary>Each planned delivery, and at least as many.</summary>
    private static Task<bool> AllDelivered(RouterFixture router, int atLeast) => router.Query<bool>(
        """
        select count(*) >= @atLeast and count(*) = (select sum(cardinality(destinations)) from lead_events where product <> '')
               and bool_and(state = 'delivered')
        from deliveries d join lead_events e on e.id = d.event_id where e.product <> ''
        """, new { atLeast });
}
