using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>What time does to the ledger. Each test has a database of its own: days are everybody's.</summary>
public sealed class RetentionTests(TestServers servers)
{
    [Fact]
    public async Task Days_ToCome_AreThereAndTakeNewRows()
    {
        await using var router = await RouterFixture.Start(servers, workers: 1, ("Retention:DaysAhead", "7"));
        var site = await router.CreateSite();
        router.Receiver.Answer(site.LeadManager.Path, (context, request) =>
        {
            context.Response.StatusCode = request.Attempt == 1 ? 500 : 200;
            return Task.CompletedTask;
        });
        await site.PostLead();
        await site.Delivery(site.LeadManager, "delivered");
        foreach (var table in new[] { "lead_events", "deliveries", "delivery_attempts" })
        {
            Assert.Equal(1, await router.Query<int>($"select count(*)::int from {table}_{TimeProvider.System.GetUtcNow():yyyyMMdd}"));
            Assert.Equal(0, await router.Query<int>($"select count(*)::int from {table}_default"));
        }

        Assert.True(await router.Query<bool>("select count(*) >= 8 and max(ends_at) > now() + interval '7 days' from ledger_days"));
        await using var later = new LaterRetention(router, days: 3);
        await later.Tend();
        Assert.True(await router.Query<bool>("select max(ends_at) > now() + interval '10 days' from ledger_days"));
    }

    [Fact]
    public async Task Contents_AfterThirtyDays_AreGoneAndEverythingElseStays()
    {
        await using var router = await RouterFixture.Start(servers);
        var site = await router.CreateSite();
        var destination = await site.AddDestination("dead");
        router.Receiver.Answer(destination.Path, 500);
        await site.PostLead("a note");
        await site.Delivery(site.LeadManager, "delivered");
        var before = await site.Delivery(destination, "dead");
        Assert.False(before.GetProperty("contents_deleted").GetBoolean());

        await using (var early = new LaterRetention(router, days: 30))
            await early.Tend();
        Assert.Equal(1, await router.Query<int>("select count(body)::int from lead_events"));
        await using (var later = new LaterRetention(router, days: 31))
            await later.Tend();

        Assert.Equal((1, 0, 5, 0), (
            await router.Query<int>("select count(*)::int from lead_events"),
            await router.Query<int>("select count(body)::int from lead_events"),
            await router.Query<int>("select count(*)::int from attempts"),
            await router.Query<int>("select count(response_body)::int from attempts")));
        var after = await site.Delivery(destination, "dead");
        Assert.True(after.GetProperty("contents_deleted").GetBoolean());
        Assert.Equal(before.GetProperty("lead_id").GetString(), after.GetProperty("lead_id").GetString());
        Assert.Equal(before.GetProperty("attempts").GetArrayLength(), after.GetProperty("attempts").GetArrayLength());
        await site.AssertAccountedFor(1);

        // Nobody is sent an empty lead: not by a replay, not by a dead letter that is moved back.
        router.Receiver.Answer(destination.Path, 200);
        var path = $"/api/sites/{site.Id}/deliveries/{after.GetProperty("event_id").GetString()}/{destination.Id}";
        foreach (var way in new[] { "retry", "replay" })
        {
            using var refused = await router.Admin.PostAsync($"{path}/{way}", content: null);
            Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
            Assert.Contains("The contents of this lead were deleted, after 30 days", await refused.Content.ReadAsStringAsync(),
                StringComparison.Ordinal);
        }

        var all = await router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/replays", new { state = "dead" });
        Assert.Equal(0, (await all.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("total").GetInt32());
        var received = router.Receiver.At(destination.Path).Count;
        await router.Broker.Publish(router.VirtualHost, "lead-retries",
            JsonSerializer.Serialize(new { event_id = after.GetProperty("event_id").GetGuid(), destination_id = destination.Id }));
        await Eventually.True(
            () => router.Output.Contains("Nothing to do for event", StringComparison.Ordinal), "the dead letter is refused");
        Assert.Equal(received, router.Receiver.At(destination.Path).Count);
        await site.Delivery(destination, "dead");

        // Leads go on.
        await site.PostLead();
        await Eventually.True(async () =>
            await router.Query<int>("select count(*)::int from deliveries where state = 'delivered'") == 3, "a new lead is delivered");
    }

    [Fact]
    public async Task Contents_ThatComeAfterTheirDayWasEmptied_AreDroppedOnceTheyAreDelivered()
    {
        await using var router = await RouterFixture.Start(servers, workers: 1, ("Delivery:RetrySchedule", "00:00:00.1,01:00:00"));
        var site = await router.CreateSite();
        var answers = await site.AddDestination("answers");
        await site.PostLead();
        await site.Delivery(answers, "delivered");
        await using var later = new LaterRetention(router, days: 31);
        await later.Tend();
        Assert.Equal(0, await router.Query<int>("select count(body)::int from lead_events"));

        // As one does that an operator moves back from an error queue after a month: into a day whose contents are gone.
        router.Receiver.Answer(answers.Path, 500);
        await site.PostLead("a note");
        await Eventually.True(async () =>
            await router.Query<int>("select count(*)::int from deliveries where state = 'retrying' and attempts = 2") == 1,
            "it waits for an hour");
        await later.Tend();
        Assert.Equal(1, await router.Query<int>("select count(body)::int from lead_events"));

        router.Receiver.Answer(answers.Path, 200);
        await site.Delivery(site.LeadManager, "delivered");
        var waiting = await site.Delivery(answers, "retrying");
        (await router.Admin.PostAsync($"/api/sites/{site.Id}/deliveries/{waiting.GetProperty("event_id")}/{answers.Id}/retry",
            content: null)).EnsureSuccessStatusCode();
        await site.Delivery(answers, "delivered");
        await later.Tend();
        Assert.Equal((2, 0, 0), (
            await router.Query<int>("select count(*)::int from lead_events"),
            await router.Query<int>("select count(body)::int from lead_events"),
            await router.Query<int>("select count(response_body)::int from attempts")));
        await site.AssertAccountedFor(2);
    }

    [Fact]
    public async Task Rows_AfterNinetyDays_AreGoneAndTheirCountsStay()
    {
        await using var router = await RouterFixture.Start(servers);
        var site = await router.CreateSite();
        var destination = await site.AddDestination("dead");
        router.Receiver.Answer(destination.Path, 500);
        for (var i = 0; i < 3; i++)
            await site.PostLead();
        await Eventually.True(async () =>
            await router.Query<int>("select count(*)::int from deliveries where finished_at is not null") == 6, "all are finished");
        await router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/destinations/{destination.Id}/checks", new { });
        await Eventually.True(async () =>
            await router.Query<int>("select count(*)::int from deliveries where is_test and state = 'dead'") == 1, "a test is finished");

        await using var later = new LaterRetention(router, days: 91);
        await later.Tend();
        foreach (var table in new[] { "lead_events", "deliveries", "delivery_attempts" })
        {
            Assert.Equal(0, await router.Query<int>($"select count(*)::int from {table}"));
            Assert.Equal(0, await router.Query<int>("select count(*)::int from pg_class where relname = @name",
                new { name = $"{table}_{TimeProvider.System.GetUtcNow():yyyyMMdd}" }));
        }

        await using var database = await router.OpenDatabase();
        var counts = await database.QueryAsync<(Guid Destination, string State, int Count)>(
            "select destination_id, state, sum(count)::int from statement_days where site_id = @Id group by 1, 2", new { site.Id });
        Assert.Equal(
            new[] { (destination.Id, "dead", 3), (destination.Id, "received", 3), (site.LeadManager.Id, "delivered", 3),
                (site.LeadManager.Id, "received", 3) }.Order(),
            counts.Order());
        Assert.True(await router.Query<bool>(
            "select bool_and(hour = date_trunc('hour', hour, 'UTC') and hour > now() - interval '2 hours') from statement_days"));
    }

    [Fact]
    public async Task Day_WithSomethingUnfinished_IsKeptUntilThatIsFinished()
    {
        await using var router = await RouterFixture.Start(servers, 1, ("Delivery:RetrySchedule", "06:00:00"));
        var site = await router.CreateSite();
        var destination = await site.AddDestination("slow");
        router.Receiver.Answer(destination.Path, 503);
        var lead = await site.PostLead();
        var waiting = await site.Delivery(destination, "retrying");
        await site.Delivery(site.LeadManager, "delivered");

        await using var later = new LaterRetention(router, days: 80);
        await later.Tend();
        Assert.Equal(1, await router.Query<int>("select count(body)::int from lead_events"));

        router.Receiver.Answer(destination.Path, 200);
        using var retried = await router.Admin.PostAsync(
            $"/api/sites/{site.Id}/deliveries/{waiting.GetProperty("event_id").GetString()}/{destination.Id}/retry", content: null);
        retried.EnsureSuccessStatusCode();
        Assert.Equal(lead, (await site.Delivery(destination, "delivered")).GetProperty("lead_id").GetString());
        await later.Tend();
        Assert.Equal((1, 0), (await router.Query<int>("select count(*)::int from lead_events"),
            await router.Query<int>("select count(body)::int from lead_events")));
    }

    [Fact]
    public async Task Delivery_UnfinishedForAsLongAsRowsAreKept_IsGivenUpAndKeepsNoDay()
    {
        await using var router = await RouterFixture.Start(servers, 1, ("Delivery:RetrySchedule", "06:00:00"));
        var site = await router.CreateSite();
        var (slow, paused) = (await site.AddDestination("slow"), await site.AddDestination("paused"));
        router.Receiver.Answer(slow.Path, 503);
        await site.Patch(paused, new { paused = true });
        await Task.Delay(1000, TestContext.Current.CancellationToken);
        await site.PostLead();
        await site.Delivery(slow, "retrying");
        await site.Delivery(paused, "held");
        await site.Delivery(site.LeadManager, "delivered");

        // While the day is in use, the list says why.
        await using var later = new LaterRetention(router, days: 91);
        await using (var dump = await router.OpenDatabase())
        {
            await using var reading = await dump.BeginTransactionAsync(TestContext.Current.CancellationToken);
            await dump.ExecuteAsync("lock table lead_events in access share mode", transaction: reading);
            Assert.False(await later.Ledger.Tend(TestContext.Current.CancellationToken));
        }

        foreach (var destination in new[] { slow, paused })
            Assert.Equal("expired", (await site.Delivery(destination, "dead")).GetProperty("last_error").GetString());
        await later.Tend();
        Assert.Equal(0, await router.Query<int>("select count(*)::int from lead_events"));
        Assert.Equal(2, await router.Query<int>("select sum(dead)::int from statement where site_id = @Id", new { site.Id }));
        await site.AssertAccountedFor(0);
        Assert.Single(router.Receiver.At(slow.Path));
        Assert.Empty(router.Receiver.At(paused.Path));
    }

    [Fact]
    public async Task Rows_OutsideOfDays_AreEmptiedAndDroppedToo()
    {
        await using var router = await RouterFixture.Start(servers);
        var site = await router.CreateSite();
        await using var database = await router.OpenDatabase();
        // From hosts whose clocks are far off: no day was made for these.
        foreach (var days in new[] { -40, 20 })
        {
            await database.ExecuteAsync(
                """
                with event as (
                    insert into lead_events (id, site_id, action, lead_id_text, product, source_system, accepted_at, body, destinations)
                    values (first_event_id(now() + @days * interval '24 hours'), @Id, 'created', 'x', 'p', 's',
                            now() + @days * interval '24 hours', '{}', array[@LeadManager])
                    returning *
                )
                insert into deliveries (event_id, destination_id, site_id, state, attempts, accepted_at, finished_at)
                select id, @LeadManager, site_id, 'delivered', 1, accepted_at, accepted_at from event
                """, new { days, site.Id, LeadManager = site.LeadManager.Id });
        }

        await AssertDefault(2, 2);
        await using (var now = new LaterRetention(router, days: 0))
            await now.Tend();
        await AssertDefault(2, 1);

        // The day of the one ahead is made by nobody: it is in the default partition already.
        await using (var later = new LaterRetention(router, days: 60))
            await later.Tend();
        await AssertDefault(1, 0);
        await using (var later = new LaterRetention(router, days: 120))
            await later.Tend();
        Assert.Equal(0, await router.Query<int>("select count(*)::int from lead_events"));
        Assert.Equal(4, await router.Query<int>("select sum(count)::int from statement_days"));

        async Task AssertDefault(int rows, int bodies) => Assert.Equal(
            (rows, bodies), (await router.Query<int>("select count(*)::int from lead_events_default"),
                await router.Query<int>("select count(body)::int from lead_events_default")));
    }

    [Fact]
    public async Task Ledger_ReadForLong_IsLeftAloneAndHoldsNobodyUp()
    {
        await using var router = await RouterFixture.Start(servers);
        var site = await router.CreateSite();
        await site.PostLead();
        await site.Delivery(site.LeadManager, "delivered");
        await using var later = new LaterRetention(router, days: 91);

        // As a dump does.
        await using (var dump = await router.OpenDatabase())
        {
            await using var reading = await dump.BeginTransactionAsync(TestContext.Current.CancellationToken);
            await dump.ExecuteAsync("lock table lead_events, deliveries, delivery_attempts in access share mode", transaction: reading);
            for (var i = 0; i < 3; i++)
            {
                var tending = later.Ledger.Tend(TestContext.Current.CancellationToken);
                await site.PostLead();
                Assert.False(await tending);
            }

            await Eventually.True(async () =>
                await router.Query<int>("select count(*)::int from deliveries where state = 'delivered'") == 4, "leads go on");
            Assert.Equal(4, await router.Query<int>("select count(body)::int from lead_events"));
        }

        await later.Tend();
        Assert.Equal(0, await router.Query<int>("select count(*)::int from lead_events"));
    }

    [Fact]
    public async Task Keepers_ManyAtOnce_DoEachThingOnce()
    {
        await using var router = await RouterFixture.Start(servers, workers: 2, ("Retention:Interval", "00:00:00.1"));
        var site = await router.CreateSite();
        await site.PostLead();
        await site.Delivery(site.LeadManager, "delivered");
        await using var later = new LaterRetention(router, days: 91);
        var done = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => later.Ledger.Tend(TestContext.Current.CancellationToken)));
        await later.Tend();
        Assert.Contains(done, first => !first);
        Assert.Equal(2, await router.Query<int>("select sum(count)::int from statement_days"));
        Assert.DoesNotContain("could not be looked after", router.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Contents_DroppedAgainAndAgainUnderLoad_CostNoLeadAndNoRow()
    {
        await using var router = await RouterFixture.Start(servers, workers: 2, ("Retention:Interval", "00:00:00.2"));
        var site = await router.CreateSite();
        await site.AddDestination("other");
        await using var later = new LaterRetention(router, days: 32);
        using var sent = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var (passes, exchanges) = (0, 0);
        var tending = Task.Run(async () =>
        {
            while (!sent.IsCancellationRequested)
            {
                passes++;
                await later.Ledger.Tend(TestContext.Current.CancellationToken);
                await using var database = await router.OpenDatabase();
                exchanges += await database.ExecuteAsync(
                    "update ledger_days set contents_deleted_at = null where contents_deleted_at is not null");
                await Task.Delay(200);
            }
        }, TestContext.Current.CancellationToken);

        // A slow machine needs more waves until enough was tried.
        var leads = 0;
        for (var wave = 0; wave < 20 || (Volatile.Read(ref exchanges) <= 2 && wave < 300); wave++)
        {
            await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => site.PostLead()));
            leads += 10;
            await Task.Delay(300, TestContext.Current.CancellationToken);
        }

        await Eventually.Equal(
            2 * leads, () => router.Query<int>("select count(*)::int from deliveries where state = 'delivered'"), "all are delivered");
        await sent.CancelAsync();
        await tending;
        await site.AssertAccountedFor(leads);
        Assert.Equal(2 * leads, await router.Query<int>("select count(*)::int from attempts"));
        Assert.True(exchanges > 2, $"{exchanges} exchanges in {passes} passes: nothing was tried");
        // But for those who look at RabbitMQ before a slow worker has begun to listen.
        var errors = router.Output.Split('\n').Where(line =>
            line.Contains("\"Level\":\"Error\"", StringComparison.OrdinalIgnoreCase)
                && !line.Contains("BrokerWatch", StringComparison.Ordinal)).ToList();
        Assert.True(errors.Count == 0, string.Join('\n', errors));
        TestContext.Current.SendDiagnosticMessage("{0} exchanges in {1} passes", exchanges, passes);
    }
}
