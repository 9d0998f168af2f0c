using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>An erasure that proves itself: after it nothing of the person is anywhere, but where the documents say so.</summary>
public sealed class PersonErasureTests(TestServers servers)
{
    private const string Email = "ann.marker+x@mail.test";
    private const string Phone = "(808) 555-0142";

    // However they are spelled, and whatever else a lead says.
    private static readonly string[] Markers = ["ann.marker", "WITNESS7", "555-0142", "5550142"];

    // docs/privacy.md says so: the id of a lead that was erased, so that it isn't taken in again; and what empties itself within minutes.
    private static readonly string[] Documented = ["erased_leads.lead_id", "event_register.lead_id"];

    [Fact]
    public async Task Person_WhoIsEverywhere_IsNowhereAfterTheErasure()
    {
        await using var mails = MailServer.Start();
        await using var router = await RouterFixture.Start(
            servers, workers: 1,
            [.. mails.Settings, ("Alerts:Interval", "00:00:00.6"), ("Alerts:SlowInterval", "00:00:00.6"), ("Alerts:AfterLeads", "1"),
                ("Alerts:BetweenMails", "00:00:00.001"), ("Serilog:MinimumLevel:Default", "Debug"),
                ("Serilog:MinimumLevel:Override:Router", "Verbose")]);
        var site = await router.CreateSite(asLeadManager: true);
        var (lead, user) = (Guid.NewGuid(), $"WITNESS7-{Guid.NewGuid():N}");
        await Everywhere(router, site, lead, user);
        await using var relay = await InOutbox(router, site);

        string[] ids = [$"{lead:N}", $"{lead:D}"];
        var before = await EverywhereKept.Places(router, [.. Markers, .. ids]);
        // lead_prints too, unless the machine is so busy that nobody waits for the mark; DuplicateTests erases those.
        foreach (var place in new[]
        {
            "lead_events.body", "lead_events.lead_id", "deliveries.response_body", "leads.email", "leads.phone", "lead_outbox.message",
            "set_aside.message", "users.body", "replays.lead_id", "refused_leads.lead_id", "queue lead-dead-letters",
        })
            Assert.Contains(place, before);
        Assert.Equal(2, await router.Query<long>("select count(*) from refused_leads"));

        // Nothing goes by looking.
        var report = await Send(router, "search");
        Assert.Equal((2, 1, 2, 2, 1), (report.GetProperty("leads").GetArrayLength(), Number(report, "users"), Number(report, "refused"),
            Number(report, "set_aside"), Number(report, "outbox")));
        Assert.Contains(report.GetProperty("sent_to").EnumerateArray(), receiver => Number(receiver, "delivered") > 0);
        Assert.Equal(before, await EverywhereKept.Places(router, [.. Markers, .. ids]));

        var erased = await Send(router, "erasure");
        // The lead's, its update's and the user's, as far as their schedules have gone.
        Assert.Equal(2, Number(erased, "leads"));
        Assert.InRange(Number(erased, "dead_letters"), 1, 3);
        Assert.True(Number(erased, "canceled") >= 1);
        Assert.Contains("ask it to erase them too", erased.GetProperty("remains").ToString(), StringComparison.Ordinal);
        Assert.Contains("Backups", erased.GetProperty("remains").ToString(), StringComparison.Ordinal);

        Assert.Equal(Documented.Order(StringComparer.Ordinal), await EverywhereKept.Places(router, [.. Markers, .. ids]));
        Assert.Equal(0, await router.Query<long>("select count(*) from refused_leads"));
        Assert.DoesNotContain(mails.All, mail => Markers.Any(marker =>
            $"{mail.Subject}\n{mail.TextBody}".Contains(marker, StringComparison.OrdinalIgnoreCase)));
        Assert.NotEmpty(mails.All);

        // Counts stay, and a second look finds nothing.
        Assert.Equal(0, await router.Query<long>("select count(*) from statement where missing <> 0"));
        var again = await Send(router, "search");
        Assert.Equal((0, 0, 0, 0), (again.GetProperty("leads").GetArrayLength(), Number(again, "users"), Number(again, "refused"),
            Number(again, "set_aside")));
    }

    [Fact]
    public async Task Site_WhoseOwnersLookForSomebody_KeepsNobodyElseFromIt()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0);
        var site = await router.CreateSite();
        await using var connection = new Npgsql.NpgsqlConnection(Postgres.ConnectionString(new Uri(router.Database)));
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var locked = new Npgsql.NpgsqlCommand("lock table set_aside in access exclusive mode", connection, transaction))
            await locked.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var ofSite = Search($"/api/sites/{site.Id}/person/search");
        await Waiting(1);
        using (var second = await Search($"/api/sites/{site.Id}/person/search"))
            Assert.Equal(429, (int)second.StatusCode);
        var ofAll = Search("/api/person/search");
        await Waiting(2);
        await transaction.RollbackAsync(TestContext.Current.CancellationToken);
        // The last one begins when the others have ended: their place is free again.
        Func<Task<HttpResponseMessage>>[] searches = [() => ofSite, () => ofAll, () => Search($"/api/sites/{site.Id}/person/search")];
        foreach (var search in searches)
        {
            using var found = await search();
            found.EnsureSuccessStatusCode();
        }

        Task<HttpResponseMessage> Search(string path) =>
            router.Admin.PostAsJsonAsync(path, new { email = "ann@mail.test", reason = "Request 1" });

        Task Waiting(long count) => Eventually.Equal(count, () => router.Query<long>(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"), "they wait");
    }

    [Fact]
    public async Task Lead_ErasedWhileItWaitsInRabbitMq_IsDroppedWhenItComes()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0);
        var site = await router.CreateSite();
        var (erased, other) = (await site.PostLead("WITNESS7"), await site.PostLead());
        Assert.Contains("queue lead-events", await EverywhereKept.Places(router, "WITNESS7"));
        (await router.Admin.DeleteAsync($"/api/sites/{site.Id}/leads/{Guid.Parse(erased):D}")).EnsureSuccessStatusCode();

        await router.Within("Router.Worker").Ready();
        await site.Delivery(site.LeadManager, "delivered");
        await Eventually.True(async () => (await router.Broker.Queues(router.VirtualHost)).EnumerateArray()
            .All(queue => !queue.TryGetProperty("messages", out var count) || count.GetInt32() == 0), "nothing waits in RabbitMQ");
        Assert.Equal([other], router.Receiver.At(site.LeadManager.Path).Select(request => request.Json.GetProperty("id").GetString()));
        Assert.Empty(await EverywhereKept.Places(router, "WITNESS7"));

        // Whoever comes again is a new lead, under the same id too.
        Assert.Equal(201, (int)(await site.Post(
            JsonSerializer.Serialize(new { id = erased, source = "s", email = "back@mail.test" }))).StatusCode);
        Assert.Equal("back@mail.test",
            (await router.Receiver.Wait(site.LeadManager.Path, 2))[1].Json.GetProperty("email").GetString());
    }

    [Fact]
    public async Task Lead_ErasedDuringItsLastAttempt_LeavesNoDeadLetter()
    {
        await using var router = await RouterFixture.Start(servers, workers: 1, ("Delivery:RetrySchedule", "00:00:00.1"));
        var site = await router.CreateSite();
        var destination = await site.AddDestination("down");
        var (asked, answer) = (new TaskCompletionSource(), new TaskCompletionSource());
        router.Receiver.Answer(destination.Path, async (context, request) =>
        {
            if (router.Receiver.At(destination.Path).Count >= 2)
            {
                asked.TrySetResult();
                await answer.Task;
            }

            context.Response.StatusCode = 500;
        });
        var lead = await site.PostLead("WITNESS7");
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        (await router.Admin.DeleteAsync($"/api/sites/{site.Id}/leads/{Guid.Parse(lead):D}")).EnsureSuccessStatusCode();
        answer.SetResult();

        // The attempt is recorded after its letter would be there.
        await Eventually.True(async () => await router.Query<bool>(
            "select exists (select from attempts where destination_id = @Id and attempt = 2)", new { destination.Id }), "it is recorded");
        Assert.Empty(await EverywhereKept.Places(router, "WITNESS7"));
    }

    [Fact]
    public async Task DeadLetters_OfOthers_StayInTheirOrder()
    {
        await using var router = await RouterFixture.Start(servers, workers: 1, ("Delivery:RetrySchedule", "00:00:00.1"));
        var site = await router.CreateSite();
        var destination = await site.AddDestination("down");
        router.Receiver.Answer(destination.Path, 500);
        var leads = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            leads.Add(await site.PostLead(i == 1 ? "WITNESS7" : "other"));
            await site.Delivery(destination, "dead");
            await Eventually.Equal(i + 1, async () => (await Letters(router)).Count, "its letter is there");
        }

        (await router.Admin.DeleteAsync($"/api/sites/{site.Id}/leads/{Guid.Parse(leads[1]):D}")).EnsureSuccessStatusCode();
        leads.RemoveAt(1);
        Assert.Equal(leads, await Letters(router));
    }

    [Fact]
    public async Task Replay_OfALeadThatIsErasedMeanwhile_IsNotOneOfAllLeads()
    {
        await using var router = await RouterFixture.Start(servers, workers: 1);
        var site = await router.CreateSite();
        var (lead, _) = (await site.PostLead("WITNESS7"), await site.PostLead());
        await Eventually.Equal(2, () => site.Count("delivered", site.LeadManager, "created"), "both are delivered");
        // It waits for its turn while the erasure comes.
        await router.Workers[0].Stop();
        (await router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/replays", new { state = "delivered", lead })).EnsureSuccessStatusCode();
        (await router.Admin.DeleteAsync($"/api/sites/{site.Id}/leads/{Guid.Parse(lead):D}")).EnsureSuccessStatusCode();
        await router.Within("Router.Worker").Ready();
        await Eventually.Equal(0, () => router.Query<long>("select count(*) from replays where finished_at is null"), "it is over");
        Assert.Equal(2, router.Receiver.At(site.LeadManager.Path).Count);
    }

    /// <summary>Takes the person every way that there is, and returns when all of it lies where it comes to lie.</summary>
    private static async Task Everywhere(RouterFixture router, TestSite site, Guid lead, string user)
    {
        var (waiting, dead, doubles) = (
            await site.AddDestination("waiting"), await site.AddDestination("dead"), await site.AddDestination("doubles"));
        await site.Patch(doubles, new
        {
            filter = new { all = true, conditions = new[] { new { field = "duplicate", @operator = "is", values = new[] { "false" } } } },
        });
        router.Receiver.Answer(waiting.Path, async (context, _) =>
        {
            context.Response.StatusCode = 503;
            context.Response.Headers.RetryAfter = "3600";
            await context.Response.Body.WriteAsync("WITNESS7 is known here"u8.ToArray());
        });
        router.Receiver.Answer(dead.Path, 500);

        Assert.Equal(201, (int)(await site.Post(Lead(lead), change: request => request.Headers.Add("Idempotency-Key", "k-1"))).StatusCode);
        Assert.Equal(201, (int)(await site.Post(Lead(lead), change: request => request.Headers.Add("Idempotency-Key", "k-1"))).StatusCode);
        await site.Delivery(site.LeadManager, "delivered");
        await site.Delivery(dead, "dead");
        await site.Delivery(waiting, "retrying");
        await Eventually.Equal(1, async () => (await Letters(router)).Count, "its letter is there");
        await Eventually.Equal(
            1, () => router.Query<long>("select count(*) from leads where email = @Email", new { Email }), "it can be found");
        // An update as a sender writes it that escapes what it can.
        (await site.Send(HttpMethod.Patch, $"/leads/{lead:D}", """{"second_email": "ann.marker\u002bx@mail.test", "notes": "WITNESS7"}"""))
            .EnsureSuccessStatusCode();
        await site.Delivery(site.LeadManager, "delivered", action: "updated");
        (await router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/replays", new { state = "delivered", lead })).EnsureSuccessStatusCode();
        await Eventually.Equal(0, () => router.Query<long>("select count(*) from replays where finished_at is null"), "it is sent again");

        await site.Refused($$"""{"source": true, "email": "{{Email}}"}""");
        await site.Refused($$"""{"id": "{{lead:D}}", "source": true, "phone": "{{Phone}}", "first_name": "WITNESS7"}""");
        await router.Broker.Publish(router.VirtualHost, "lead-events", Message(Guid.NewGuid(), Guid.NewGuid()));
        await router.Broker.Publish(router.VirtualHost, "lead-events", $"WITNESS7 {Email} is no JSON");
        await Eventually.Equal(2, () => router.Query<long>("select count(*) from set_aside"), "they are set aside");
        (await site.Send(HttpMethod.Put, $"/users/{user}", $$"""{"name": "WITNESS7", "email": "{{Email}}"}""")).EnsureSuccessStatusCode();
        await site.Delivery(site.LeadManager, "delivered", action: "user_updated");

        await Eventually.True(
            async () => await router.Query<long>("select count(*) from alerts where sent_at is not null") > 0, "somebody was told of it");
    }

    /// <summary>One more of the person's, which waits for whoever relays; that one waits for this.</summary>
    private static async Task<Npgsql.NpgsqlConnection> InOutbox(RouterFixture router, TestSite site)
    {
        var database = await router.OpenDatabase();
        // The lock of LeadOutbox.Relay, for as long as the session.
        await database.ExecuteAsync("select pg_advisory_lock(@Lock)", new { Lock = 0x6f7574626f78 });
        await database.ExecuteAsync(
            "insert into lead_outbox (event_id, message) values (gen_random_uuid(), @message)",
            new { message = System.Text.Encoding.UTF8.GetBytes(Message(site.Id, Guid.NewGuid())) });
        return database;
    }

    private static string Lead(Guid id) => JsonSerializer.Serialize(new
    {
        id, source = "WITNESS7 website", email = Email, phone = Phone, first_name = "WITNESS7", last_name = "Ann", notes = "WITNESS7",
        // As deep as a lead may be.
        deep = JsonSerializer.Deserialize<JsonElement>(new string('[', 63) + new string(']', 63)),
        activities = new[] { new { type = "note", source = "WITNESS7", description = "WITNESS7" } },
    });

    private static string Message(Guid site, Guid lead) => JsonSerializer.Serialize(new
    {
        event_id = Guid.NewGuid(), site_id = site, action = "created", lead_id = $"{lead:D}",
        accepted_at = DateTimeOffset.Parse("2026-01-02T03:04:05Z", CultureInfo.InvariantCulture), product = "p", source_system = "P",
        lead = new { source = "WITNESS7", email = Email },
    });

    private static async Task<List<string>> Letters(RouterFixture router) =>
    [
        .. (await router.Broker.Peek(router.VirtualHost, "lead-dead-letters")).EnumerateArray().Select(letter =>
            JsonDocument.Parse(letter.GetProperty("payload").GetString()!, new JsonDocumentOptions { MaxDepth = 128 })
                .RootElement.GetProperty("lead_id").GetString()!),
    ];

    private static async Task<JsonElement> Send(RouterFixture router, string what)
    {
        using var response = await router.Admin.PostAsJsonAsync(
            $"/api/person/{what}", new { email = Email, phone = Phone, reason = "Request 4711" });
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, body);
        return JsonSerializer.Deserialize<JsonElement>(body);
    }

    private static int Number(JsonElement json, string name) => json.GetProperty(name).GetInt32();
}
