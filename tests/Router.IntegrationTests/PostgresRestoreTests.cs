using System.Collections.Concurrent;
using System.Text.Json;
using Dapper;
using Router.Core.Deliveries;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>
/// Postgres is lost and restored from a copy that was taken under load, while RabbitMQ and the API live on. What was accepted after the
/// copy and handed on is in neither of the two; docs/operators.md says how its senders close the gap.
/// </summary>
public sealed class PostgresRestoreTests
{
    [Fact]
    public async Task Postgres_RestoredBesideTheLivingBroker_TheCheckNamesWhatIsMissingAndWhatComesTwice()
    {
        await using var servers = await PrivateServers.Borrow();
        await using var router = await RouterFixture.Start(
            await Postgres.CreateDatabase(servers.Database), await servers.Broker.CreateVirtualHost(), servers.Broker, workers: 1,
            ("Delivery:RetrySchedule", "00:30:00"), ("Delivery:Patience", "00:00:30"), ("Delivery:RequestTimeout", "00:00:40"),
            ("Delivery:Lease", "00:00:50"), ("Delivery:QueueLease", "00:00:02"), ("Order:Timeout", "00:00:00.4"));
        var (site, slow) = (await router.CreateSite(), await router.CreateSite());
        var (down, strict) = (await site.AddDestination("down"), await site.AddDestination("gives up"));
        router.Receiver.Answer(down.Path, 500);
        router.Receiver.Answer(strict.Path, 500);
        await site.Patch(strict, new { retry_schedule = new[] { 1 } });
        // A worker knows of both within a second.
        await Eventually.True(
            async () =>
            {
                await site.PostLead();
                return router.Receiver.At(strict.Path).Any(request => request.Attempt > 1) && router.Receiver.At(down.Path).Count > 0;
            },
            "leads go to all of them");

        // Planned when the copy is taken, and delivered after it.
        var release = new TaskCompletionSource();
        router.Receiver.Answer(slow.LeadManager.Path, (_, _) => release.Task);
        List<string> underWay = [await slow.PostLead(), await slow.PostLead(), await slow.PostLead()];
        await router.Receiver.Wait(slow.LeadManager.Path, 3);
        var accepted = new ConcurrentQueue<string>();
        string copy;
        using (var stop = new CancellationTokenSource())
        {
            var load = Enumerable.Range(0, 4).Select(_ => Load(site, accepted, stop.Token)).ToList();
            await Eventually.True(() => accepted.Count > 30, "there is a load");
            copy = await servers.BackUpPostgres();
            var then = accepted.Count;
            release.SetResult();
            await Eventually.True(() => accepted.Count > then + 30, "the load goes on");
            await stop.CancelAsync();
            await Task.WhenAll(load);
        }

        await Eventually.True(async () => await router.Query<bool>(
            """
            select (select count(*) from deliveries where destination_id = @LeadManager and state = 'delivered')
                     = (select count(*) from lead_events where site_id = @Site)
               and (select count(*) from deliveries where destination_id = @Strict and state = 'dead') >= @Count
               and (select count(*) from deliveries where destination_id = @Slow and state = 'delivered') = 3
            """,
            new { LeadManager = site.LeadManager.Id, Site = site.Id, Strict = strict.Id, accepted.Count, Slow = slow.LeadManager.Id }),
            "all of it is done");
        var eventOf = await EventsOfLeads(router);

        await router.Workers[0].Stop();
        List<string> queued = [await site.PostLead(), await site.PostLead()];
        await servers.KillPostgres();
        queued.AddRange([await site.PostLead(), await site.PostLead()]);
        await servers.RestorePostgres(copy);

        var ledger = await EventsOfLeads(router);
        var missing = accepted.Where(lead => !ledger.ContainsKey(lead)).ToList();
        Assert.NotEmpty(missing);
        await router.Broker.Publish(router.VirtualHost, RetryDelivery.QueueName,
            JsonSerializer.Serialize(new { event_id = eventOf[missing[0]], destination_id = down.Id, attempt = 2 }));
        var report = await Check(router, [.. accepted, .. queued, .. underWay]);

        Assert.Equal(Sorted(missing), Sorted(report.GetProperty("unknown").EnumerateArray().Select(id => id.GetGuid().ToString("N"))));
        Assert.Equal(queued.Count, report.GetProperty("queued").GetProperty("count").GetInt32());
        Assert.Equal(0, report.GetProperty("lost").GetProperty("count").GetInt32());
        foreach (var (queue, list) in new[
            ] { (RetryDelivery.QueueName, "forgotten_retries"), (DeadLetter.QueueName, "forgotten_dead_letters") })
        {
            var forgotten = (await router.Broker.Peek(router.VirtualHost, queue)).EnumerateArray()
                .Select(message => JsonSerializer.Deserialize<RetryDelivery>(message.GetProperty("payload").GetString()!)!)
                .Where(message => !ledger.ContainsValue(message.EventId)).Select(message => $"{message.EventId}");
            Assert.NotEmpty(forgotten);
            Assert.Equal(Sorted(forgotten), Sorted(Events(report, list).Select(found => $"{found.Event}")));
        }

        // What the check says will be sent, is sent; nothing else; and all that never comes is what it calls unknown.
        var before = router.Receiver.All.Count;
        var orphans = Events(report, "orphans").ToList();
        Assert.All(underWay, lead => Assert.Contains((ledger[lead], slow.LeadManager.Id), orphans));
        var expected = orphans.Concat(Events(report, "waiting")).Where(one => one.Destination == site.LeadManager.Id)
            .Select(one => ledger.Single(row => row.Value == one.Event).Key).Concat(queued);
        router.Receiver.Answer(down.Path, 200);
        var (code, output) = await HostProcess.Ask("Router.Worker", router.Settings, [], "after-restore", "send");
        Assert.True(code == 0, output);
        await router.Host("Router.Worker").Ready();
        await Eventually.True(
            async () => await router.Query<long>(
                """
                with due as (
                    update deliveries set next_attempt_at = now()
                    where state = 'retrying' and next_attempt_at > now() + interval '1 minute'
                )
                select (select count(*) from deliveries where state in ('retrying', 'held'))
                     + @Events - (select count(*) from lead_events where site_id in (@Site, @Slow))
                """, new { Events = ledger.Count + queued.Count, Site = site.Id, Slow = slow.Id }) == 0,
            "all that it has is done");

        var after = router.Receiver.All.Skip(before).ToList();
        Assert.Equal(Sorted(expected), Sorted(Leads(after, site.LeadManager)));
        Assert.Equal(Sorted(underWay), Sorted(Leads(after, slow.LeadManager)));
        Assert.Equal(Sorted(missing), Sorted(accepted.Except(Leads(after, down), StringComparer.Ordinal)));
        await site.AssertAccountedFor(ledger.Count + queued.Count - underWay.Count);
        await slow.AssertAccountedFor(underWay.Count);
    }

    private static async Task Load(TestSite site, ConcurrentQueue<string> accepted, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            accepted.Enqueue(await site.PostLead());
            await Task.Delay(20, CancellationToken.None);
        }
    }

    private static async Task<Dictionary<string, Guid>> EventsOfLeads(RouterFixture router)
    {
        await using var database = await router.OpenDatabase();
        return (await database.QueryAsync<(string, Guid)>("select lead_id_text, id from lead_events where action = 'created'"))
            .ToDictionary(row => row.Item1, row => row.Item2, StringComparer.Ordinal);
    }

    private static IEnumerable<(Guid Event, Guid Destination)> Events(JsonElement report, string list) =>
        report.GetProperty(list).GetProperty("items").EnumerateArray()
            .Select(one => (one.GetProperty("event_id").GetGuid(), one.GetProperty("destination_id").GetGuid()));

    private static List<string> Leads(List<Received> requests, TestDestination destination) =>
        [.. requests.Where(request => request.Path == destination.Path && request.Action == "created")
            .Select(request => request.Json.GetProperty("id").GetString()!)];

    private static List<string> Sorted(IEnumerable<string> all) => [.. all.Order(StringComparer.Ordinal)];

    private static async Task<JsonElement> Check(RouterFixture router, IEnumerable<string> asked)
    {
        var (code, output) = await HostProcess.Ask("Router.Worker", router.Settings, asked, "after-restore", "missing", "json");
        Assert.True(code == 1, output);
        return JsonSerializer.Deserialize<JsonElement>(output[output.IndexOf('{', StringComparison.Ordinal)..]);
    }
}
