using System.Net;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>
/// RabbitMQ's disk is lost while Postgres lives. What was planned is in the ledger; what was accepted and not yet planned is nowhere, and
/// is known by the register of the last minutes and by Idempotency-Keys.
/// </summary>
public sealed class BrokerLossTests
{
    [Fact]
    public async Task Broker_LosesItsDisk_TheCheckNamesWhatItHeldAndTheRestIsSent()
    {
        await using var servers = await PrivateServers.Borrow();
        // On a busy machine the register, by which the check names what is lost, takes more than its second.
        await using var router = await RouterFixture.StartProcesses(
            servers, workers: 1, ("Delivery:Patience", "00:00:04.9"), ("Order:Timeout", "00:00:10"));
        var site = await router.CreateSite();
        var path = site.LeadManager.Path;
        using var release = new CancellationTokenSource();
        router.Receiver.Answer(
            path, (_, _) => Task.Delay(Timeout.Infinite, release.Token).ContinueWith(_ => { }, TaskScheduler.Default));
        List<string> inHand = [await site.PostLead(), await site.PostLead(), await site.PostLead()];
        await router.Receiver.Wait(path, inHand.Count);
        await router.Workers[0].Kill();
        await release.CancelAsync();
        router.Receiver.Answer(path, 200);

        List<string> unplanned = [await site.PostLead(), await site.PostLead()];
        await site.UpdateLead(unplanned[0], "an update");
        await PostWithKey(site);
        var definitions = await router.Broker.Definitions();
        await servers.KillRabbitMq();
        servers.LoseRabbitMqData();
        List<string> kept = [await site.PostLead(), await site.PostLead()];
        await servers.StartRabbitMq();
        await router.Broker.Import(definitions);
        await Eventually.True(async () => await router.Query<long>("select count(*) from lead_outbox") == 0, "the outbox is empty");

        var report = await Check(router);
        Assert.Equal(kept.Count, Count(report, "queued"));
        Assert.Equal((inHand.Count, 0, 0), (Count(report, "orphans"), Count(report, "waiting"), Count(report, "queued_again")));
        // The lead and its update, the other one, and the one with a key.
        var lost = Lost(report, "lead_id");
        Assert.Equal(4, lost.Count);
        Assert.Subset(lost.ToHashSet(), unplanned.Select(Guid.Parse).ToHashSet());
        // The register keeps 5 to 15 minutes, keys a day.
        await Execute(router, "truncate event_register_0, event_register_1, event_register_2");
        var byKey = Assert.Single(Lost(await Check(router), "event_id"));

        var (code, output) = await HostProcess.Ask("Router.Worker", router.Settings, [], "after-restore", "send");
        Assert.True(code == 0, output);
        await router.Host("Router.Worker").Ready();
        foreach (var lead in unplanned)
            await Repeat(site, lead);
        await site.UpdateLead(unplanned[0], "an update");
        await PostWithKey(site);

        await Eventually.Equal(
            9, () => router.Query<int>("select count(*)::int from deliveries where state = 'delivered'"), "all are delivered");
        var arrived = router.Receiver.At(path).Where(request => request.Action == "created").ToList();
        Assert.Subset(arrived.Select(request => request.Json.GetProperty("id").GetString()!).ToHashSet(StringComparer.Ordinal),
            inHand.Concat(unplanned).Concat(kept).ToHashSet(StringComparer.Ordinal));
        // Those that were in hand come twice, with their ids; the one with a key has the id that the check named.
        Assert.All(arrived.GroupBy(request => request.Json.GetProperty("id").GetString()!, StringComparer.Ordinal), requests =>
        {
            Assert.Equal(inHand.Contains(requests.Key) ? 2 : 1, requests.Count());
            Assert.Single(requests.Select(request => request.MessageId).Distinct(StringComparer.Ordinal));
        });
        Assert.Single(arrived, request => request.MessageId == byKey.ToString("D"));
        await site.AssertAccountedFor(9);
    }

    private static Task PostWithKey(TestSite site) => Expect(() => site.Post(
        """{"source":"s","email":"key@mail.test"}""", change: request => request.Headers.Add("Idempotency-Key", "a key of this test")));

    private static Task Repeat(TestSite site, string lead) => Expect(() => site.Post(
        JsonSerializer.Serialize(new { id = lead, source = "test", email = "jack@mail.test" })));

    private static async Task Expect(Func<Task<HttpResponseMessage>> send)
    {
        using var response = await TestSite.UntilTaken(send);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
    }

    private static async Task Execute(RouterFixture router, string sql)
    {
        await using var database = await router.OpenDatabase();
        await Dapper.SqlMapper.ExecuteAsync(database, sql);
    }

    private static int Count(JsonElement report, string list) => report.GetProperty(list).GetProperty("count").GetInt32();

    private static List<Guid> Lost(JsonElement report, string id) =>
        [.. report.GetProperty("lost").GetProperty("items").EnumerateArray().Select(one => one.GetProperty(id).GetGuid())];

    private static async Task<JsonElement> Check(RouterFixture router)
    {
        var (_, output) = await HostProcess.Ask("Router.Worker", router.Settings, [], "after-restore", "json");
        return JsonSerializer.Deserialize<JsonElement>(output[output.IndexOf('{', StringComparison.Ordinal)..]);
    }
}
