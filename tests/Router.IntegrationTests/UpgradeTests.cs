using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Router.Core.Database;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>
/// An upgrade without a stop: hosts of the version before and of this one on one database and one broker. What both must agree on is the
/// JSON of messages, the arguments of queues, and the columns and triggers that the older one writes to.
/// </summary>
public sealed class UpgradeTests(TestServers servers)
{
    private const int Number = 200;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Versions_SideBySide_TakeEachOthersLeadsUpdatesRetriesAndReplays()
    {
        PreviousVersion.SkipUnlessBuilt();
        var database = await servers.CreateDatabase();
        // The version before makes it.
        await using var router = await RouterFixture.StartOther(
            PreviousVersion.Host, database, servers.Broker, ("Delivery:RetrySchedule", "00:00:00.2,00:00:00.2,00:00:05"));
        var (oldApi, oldWorker) = (router.Api, router.Workers[0]);
        var (site, busy) = (await router.CreateSite(), await router.CreateSite());
        var failing = await Failing(router, site);

        // As docs/operators.md says: the schema, then workers, then APIs.
        await BringUpToDate(database);
        await Flow(router, site, failing, oldApi);
        var newWorker = await router.Within("Router.Worker").Ready();
        await StopUnderLoad(router, busy, oldWorker, oldApi);
        await Flow(router, site, failing, oldApi);

        // The other way round: back to the old worker, with the new API.
        var newApi = await router.Within("Router.Api").Ready();
        await router.Host("Router.Worker").Ready();
        await StopUnderLoad(router, busy, newWorker, newApi);
        await Flow(router, site, failing, newApi);

        // All four.
        await router.Within("Router.Worker").Ready();
        await Load(router, busy, oldApi, newApi);
        Assert.Equal(0, await oldApi.Stop());
        await busy.AssertAccountedFor(3 * Number);
        await site.AssertAccountedFor(await router.Query<int>(
            "select count(*)::int from lead_events where product <> '' and site_id = @Id", new { site.Id }));
        await router.AssertNothingPutAside();
    }

    /// <summary>By this version's migrations, which leave what this version would make anew.</summary>
    private async Task BringUpToDate(string url)
    {
        await using var old = NpgsqlDataSource.Create(Postgres.ConnectionString(new Uri(url)));
        await new SchemaSteps(old, NullLogger.Instance).Take(schema: "", [.. Migration.Embedded("Migrations")], Cancellation);
        await using var made = NpgsqlDataSource.Create(Postgres.ConnectionString(new Uri(await servers.CreateMigratedDatabase())));
        await using var before = await old.OpenConnectionAsync(Cancellation);
        await using var now = await made.OpenConnectionAsync(Cancellation);
        // Until the first release: let deploy/previous-version name the commit that changed the schema. After it: write a migration.
        Assert.Equal(await SchemaParts.Of(now), await SchemaParts.Of(before));
    }

    /// <summary>A destination whose first two attempts of each message fail.</summary>
    private static async Task<TestDestination> Failing(RouterFixture router, TestSite site)
    {
        var failing = await site.AddDestination("failing");
        router.Receiver.Answer(failing.Path, (context, request) =>
        {
            context.Response.StatusCode = request.Attempt < 3 ? 500 : 200;
            return Task.CompletedTask;
        });
        await Eventually.True(
            async () =>
            {
                await site.PostLead();
                return router.Receiver.At(failing.Path).Count > 0;
            },
            "a worker knows of it");
        return failing;
    }

    /// <summary>A lead, its update, which waits for the lead's retries, and a replay: in order, whichever hosts do it.</summary>
    private static async Task Flow(RouterFixture router, TestSite site, TestDestination failing, TestHost api)
    {
        var lead = Guid.NewGuid().ToString("N");
        using (var taken = await TestSite.UntilTaken(() => site.Send(
            HttpMethod.Post, "/leads", $$"""{"id":"{{lead}}","source":"s","email":"a@b.c"}""", api: api)))
            Assert.Equal(HttpStatusCode.Created, taken.StatusCode);
        await site.UpdateLead(lead, "an update", api);

        IReadOnlyList<Received> Arrived() =>
            [.. router.Receiver.At(failing.Path).Where(request => request.Json.GetProperty("id").GetString() == lead)];
        await Eventually.True(() => Arrived().Count == 6, "both arrive after two failures each");
        Assert.Equal(
            ["created 1", "created 2", "created 3", "updated 1", "updated 2", "updated 3"],
            Arrived().Select(request => string.Create(CultureInfo.InvariantCulture, $"{request.Action} {request.Attempt}")));

        var path = $"/api/sites/{site.Id}/deliveries/{Arrived()[0].MessageId}/{failing.Id}/replay";
        await Eventually.True(
            async () => (await router.Admin.PostAsync(new Uri(api.Url, path), content: null)).IsSuccessStatusCode, "it can be replayed");
        await Eventually.True(() => Arrived().Count == 7, "the replay arrives");
        Assert.Equal("created 4", string.Create(CultureInfo.InvariantCulture, $"{Arrived()[6].Action} {Arrived()[6].Attempt}"));
    }

    /// <summary>What a worker has in hand when it is told to stop is finished or given back: each lead arrives once.</summary>
    private static async Task StopUnderLoad(RouterFixture router, TestSite site, TestHost worker, TestHost api)
    {
        var before = router.Receiver.At(site.LeadManager.Path).Count;
        router.Receiver.Answer(site.LeadManager.Path, (_, _) => Task.Delay(300));
        Task<int>? stopped = null;
        await Parallel.ForAsync(0, Number, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (number, _) =>
        {
            await PostNumbered(site, number, api);
            if (number == Number / 2)
                stopped = worker.Stop();
        });
        Assert.Equal(0, await stopped!);
        await Eventually.True(() => router.Receiver.At(site.LeadManager.Path).Count >= before + Number, "all arrive");
        await Eventually.Equal(
            0, () => router.Query<long>(
                "select count(*) from lead_events e where site_id = @Id and not exists (select from deliveries d where d.event_id = e.id)",
                new { site.Id }), "all are recorded");
        router.Receiver.Answer(site.LeadManager.Path, 200);
        AssertOnce(router.Receiver.At(site.LeadManager.Path).Skip(before));
    }

    private static async Task Load(RouterFixture router, TestSite site, params TestHost[] apis)
    {
        var before = router.Receiver.At(site.LeadManager.Path).Count;
        await Parallel.ForAsync(0, Number, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (number, _) =>
            await PostNumbered(site, number, apis[number % apis.Length]));
        await router.Receiver.Wait(site.LeadManager.Path, before + Number);
        AssertOnce(router.Receiver.At(site.LeadManager.Path).Skip(before));
    }

    private static async Task PostNumbered(TestSite site, int number, TestHost api)
    {
        using var taken = await TestSite.UntilTaken(() => site.Send(
            HttpMethod.Post, "/leads", $$"""{"source":"s","email":"a@b.c","number":{{number}}}""", api: api));
        Assert.Equal(HttpStatusCode.Created, taken.StatusCode);
    }

    private static void AssertOnce(IEnumerable<Received> requests) =>
        Assert.Equal(Enumerable.Range(0, Number), requests.Select(TestSite.Number).Order());
}
