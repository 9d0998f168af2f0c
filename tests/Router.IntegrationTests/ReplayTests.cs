using System.Net.Http.Json;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Deliveries sent again, tests that are none, and what waits when a destination is switched off.</summary>
public sealed class ReplayTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Delivery_DeliveredAndReplayed_ArrivesAgainUnderItsMessageId()
    {
        var site = await _router.CreateSite();
        await site.PostLead();
        var delivery = await site.Delivery(site.LeadManager, "delivered");
        var path = $"/api/sites/{site.Id}/deliveries/{delivery.GetProperty("event_id").GetString()}/{site.LeadManager.Id}/replay";
        (await _router.Admin.PostAsync(path, content: null)).EnsureSuccessStatusCode();
        var received = await _router.Receiver.Wait(site.LeadManager.Path, 2);
        Assert.Single(received.Select(request => request.MessageId).Distinct(StringComparer.Ordinal));
        Assert.Equal([1, 2], received.Select(request => request.Attempt));
        Assert.Equal(2, (await site.Delivery(site.LeadManager, "delivered")).GetProperty("attempts").GetArrayLength());
    }

    [Fact]
    public async Task Deliveries_OfAFilterReplayed_AreThoseAlone()
    {
        var site = await _router.CreateSite();
        var (failing, other) = (await site.AddDestination("failing"), await site.AddDestination("other"));
        _router.Receiver.Answer(failing.Path, 500);
        _router.Receiver.Answer(other.Path, 500);
        var leads = new[] { await site.PostLead(), await site.PostLead(), await site.PostLead() };
        await Eventually.Equal(6, () => Count(site, "dead"), "all are dead");
        _router.Receiver.Answer(failing.Path, 200);

        Assert.Equal(1, await Replay(site, new { state = "dead", destination = failing.Id, lead = leads[1] }));
        await Eventually.Equal(5, () => Count(site, "dead"), "one is delivered");
        Assert.Equal(0, await Replay(
            site, new { state = "dead", destination = failing.Id, to = TimeProvider.System.GetUtcNow().AddDays(-2) }));
        Assert.Equal(2, await Replay(site, new { state = "dead", destination = failing.Id }));
        await Eventually.Equal(3, () => Count(site, "dead"), "all of that destination are delivered");
        Assert.Equal(422, (int)(await _router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/replays", new { state = "retrying" }))
            .StatusCode);
    }

    [Fact]
    public async Task Destination_Deactivated_CancelsWhatWaitsAndSaysHowMany()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("waiting");
        _router.Receiver.Answer(destination.Path, (context, _) =>
        {
            context.Response.StatusCode = 503;
            context.Response.Headers.RetryAfter = "3600";
            return Task.CompletedTask;
        });
        for (var i = 0; i < 3; i++)
            await site.PostLead();
        await Eventually.True(async () =>
            (await site.Deliveries()).GetProperty("items").EnumerateArray()
            .Count(item => item.GetProperty("last_status").ToString() == "503") == 3, "all wait");
        Assert.Equal(3, (await site.Patch(destination, new { active = false })).GetProperty("canceled_deliveries").GetInt32());
        Assert.Equal(3, await Count(site, "canceled"));
        Assert.Equal(0, await Replay(site, new { state = "canceled" }));

        _router.Receiver.Answer(destination.Path, 200);
        await site.Patch(destination, new { active = true });
        Assert.Equal(3, await Replay(site, new { state = "canceled" }));
        // But for the notice that it is off, which nobody needs any more.
        await Eventually.Equal(3, () => site.Count("delivered", destination, "created"), "they are sent after all");
    }

    [Fact]
    public async Task Test_OfAnInactiveDestination_IsSentOnceThereAndNowhereElse()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("off", active: false);
        _router.Receiver.Answer(destination.Path, 500);
        var report = await Check(site, destination, goLive: false);
        Assert.False(report.GetProperty("passed").GetBoolean());
        var attempt = Assert.Single(Assert.Single(report.GetProperty("steps").EnumerateArray()).GetProperty("attempts").EnumerateArray());
        Assert.Equal("answered 500", attempt.GetProperty("summary").GetString());
        Assert.Contains("problem of its own", attempt.GetProperty("advice").GetString(), StringComparison.Ordinal);

        // Nobody's dead letter, nothing to replay, nothing to retry.
        await Task.Delay(1000, TestContext.Current.CancellationToken);
        Assert.Single(_router.Receiver.At(destination.Path));
        Assert.Empty(_router.Receiver.At(site.LeadManager.Path));
        Assert.Equal(0, await Replay(site, new { state = "dead" }));
        Assert.DoesNotContain(destination.Id.ToString(), (await _router.Broker.Peek(_router.VirtualHost, "lead-dead-letters")).ToString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_GoLive_SendsTwiceUnderOneIdAndOnceForged()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("careful", active: false);
        _router.Receiver.Answer(destination.Path, (context, request) =>
        {
            context.Response.StatusCode = request.IsSignedWith(destination.Secret) ? 200 : 401;
            return Task.CompletedTask;
        });
        var report = await Check(site, destination, goLive: true);
        Assert.True(report.GetProperty("passed").GetBoolean(), report.ToString());
        var received = _router.Receiver.At(destination.Path);
        Assert.Equal(3, received.Count);
        Assert.Single(received.Where(request => request.IsSignedWith(destination.Secret)).Select(request => request.MessageId)
            .Distinct(StringComparer.Ordinal));
        Assert.Single(received, request => !request.IsSignedWith(destination.Secret));
        Assert.True(await IsProven(site, destination));
    }

    [Fact]
    public async Task Check_WhoseWorkerDiedBeforeTheProof_ProvesWhenItIsRead()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("careful", active: false);
        _router.Receiver.Answer(destination.Path, (context, request) =>
        {
            context.Response.StatusCode = request.IsSignedWith(destination.Secret) ? 200 : 401;
            return Task.CompletedTask;
        });
        var report = await Check(site, destination, goLive: true);
        // Of the two parts of the check each may write it, one a moment after the other.
        await Eventually.True(TakeBack, "the worker has written it, and it is taken back");
        do
            await Task.Delay(500, TestContext.Current.CancellationToken);
        while (await TakeBack());
        Assert.False(await IsProven(site, destination));

        Task<bool> TakeBack() => _router.Query<bool>(
            "update destinations set proven_at = null where id = @Id and proven_at is not null returning true", destination);

        var path = $"/api/sites/{site.Id}/destinations/{destination.Id}/checks/{report.GetProperty("id").GetString()}";
        Assert.True((await _router.Admin.GetFromJsonAsync<JsonElement>(path)).GetProperty("passed").GetBoolean());
        Assert.True(await IsProven(site, destination));

        // A proof of other settings stays one of other settings, however often it is read.
        await site.Patch(destination, new { url = new Uri(_router.Receiver.Url, destination.Path + "/new") });
        Assert.True((await _router.Admin.GetFromJsonAsync<JsonElement>(path)).GetProperty("passed").GetBoolean());
        Assert.False(await IsProven(site, destination));
    }

    [Fact]
    public async Task Leads_ThatADestinationMissed_AreSentOnceItIsOn()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("late", active: false);
        var since = TimeProvider.System.GetUtcNow().AddSeconds(-1);
        var leads = new[] { await site.PostLead(), await site.PostLead() };
        await Eventually.Equal(2, () => Count(site, "delivered"), "Lead Manager has them");
        Assert.Equal(422, (int)(await _router.Admin.PostAsJsonAsync(
            $"/api/sites/{site.Id}/replays", new { missed = true, destination = destination.Id, from = since })).StatusCode);
        await site.Patch(destination, new { active = true });
        Assert.Equal(2, await Replay(site, new { missed = true, destination = destination.Id, from = since }));
        var received = await _router.Receiver.Wait(destination.Path, 2);
        Assert.Equal(leads.Order(StringComparer.Ordinal),
            received.Select(request => request.Json.GetProperty("id").GetString()!).Order(StringComparer.Ordinal));
        Assert.Equal(0, await Replay(site, new { missed = true, destination = destination.Id, from = since }));
        await site.AssertAccountedFor(2);
        Assert.Equal(422, (int)(await _router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/replays", new { missed = true })).StatusCode);
    }

    [Fact]
    public async Task Replay_Canceled_SendsNoMore()
    {
        await using var router = await RouterFixture.Start(
            shared.Servers, workers: 1, ("Delivery:ReplayStep", "2"), ("Delivery:ReplayTick", "00:00:01.5"));
        var site = await router.CreateSite();
        for (var i = 0; i < 10; i++)
            await site.PostLead();
        await router.Receiver.Wait(site.LeadManager.Path, 10);
        await Eventually.True(async () =>
            (await site.Deliveries()).GetProperty("items").EnumerateArray()
            .Count(item => item.GetProperty("state").GetString() == "delivered") == 10, "all are delivered");
        var started = await router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/replays", new { state = "delivered" });
        var path = started.Headers.Location!;
        await Eventually.True(
            async () => (await router.Admin.GetFromJsonAsync<JsonElement>(path)).GetProperty("replayed").GetInt32() >= 2, "it has begun");
        Assert.Equal(200, (int)(await router.Admin.DeleteAsync(path)).StatusCode);
        Assert.Equal(409, (int)(await router.Admin.DeleteAsync(path)).StatusCode);
        var replayed = (await router.Admin.GetFromJsonAsync<JsonElement>(path)).GetProperty("replayed").GetInt32();
        Assert.InRange(replayed, 2, 8);
        await Task.Delay(3000, TestContext.Current.CancellationToken);
        Assert.Equal(10 + replayed, router.Receiver.At(site.LeadManager.Path).Count);
    }

    [Fact]
    public async Task Replays_OfASite_AreListedToTheLast()
    {
        var site = await _router.CreateSite();
        for (var i = 0; i < 3; i++)
            await Replay(site, new { state = "dead" });
        var first = await _router.Admin.GetFromJsonAsync<JsonElement>($"/api/sites/{site.Id}/replays?limit=2");
        var second = await _router.Admin.GetFromJsonAsync<JsonElement>(
            $"/api/sites/{site.Id}/replays?limit=2&cursor={first.GetProperty("next").GetString()}");
        var ids = first.GetProperty("items").EnumerateArray().Concat(second.GetProperty("items").EnumerateArray())
            .Select(job => job.GetProperty("id").GetGuid()).ToList();
        Assert.Equal((3, 3), (ids.Count, ids.Distinct().Count()));
        Assert.Equal(JsonValueKind.Null, second.GetProperty("next").ValueKind);
    }

    [Fact]
    public async Task Replay_FromATimeWithoutOffset_IsInUtcWhereverTheHostIs()
    {
        await using var router = await RouterFixture.StartProcesses(shared.Servers, workers: 0, ("TZ", "Asia/Tokyo"));
        var site = await router.CreateSite();
        var path = $"/api/sites/{site.Id}/replays";
        Assert.Equal(202, (int)(await router.Admin.PostAsJsonAsync(
            path, new { state = "dead", from = "2026-01-01T00:00:00", to = "2126-01-02T00:00:00+02:00" })).StatusCode);
        Assert.Equal("2026-01-01 00:00|2126-01-01 22:00", await router.Query<string>(
            "select to_char(from_time at time zone 'UTC', 'YYYY-MM-DD HH24:MI') || '|' "
            + "|| to_char(to_time at time zone 'UTC', 'YYYY-MM-DD HH24:MI') from replays"));
        // As an empty time of a .NET client comes.
        Assert.Equal(422, (int)(await router.Admin.PostAsJsonAsync(path, new { state = "dead", from = "0001-01-01T00:00:00" })).StatusCode);
        Assert.Equal(400, (int)(await router.Admin.PostAsJsonAsync(path, new { state = "dead", from = "yesterday" })).StatusCode);
    }

    [Fact]
    public async Task Destination_SwitchedOffWhileAnOutcomeIsBeingRecorded_WaitsForNobody()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("down");
        _router.Receiver.Answer(destination.Path, async (context, _) =>
        {
            context.Response.StatusCode = 503;
            context.Response.Headers.RetryAfter = "10";
            await Task.CompletedTask;
        });
        for (var i = 0; i < 5; i++)
            await site.PostLead();
        await Eventually.Equal(5, () => Count(site, "retrying"), "all wait");

        await using var database = await _router.OpenDatabase();
        await using (var held = await database.BeginTransactionAsync(TestContext.Current.CancellationToken))
        {
            await using var locking = new Npgsql.NpgsqlCommand(
                $"select from deliveries where destination_id = '{destination.Id}' and state = 'retrying' limit 1 for update", database);
            await locking.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            Assert.Equal(5, (await site.Patch(destination, new { active = false })).GetProperty("canceled_deliveries").GetInt32());
            Assert.Equal(4, await Count(site, "canceled"));
        }

        // By a worker, as soon as it is due.
        await Eventually.Equal(5, () => Count(site, "canceled"), "the last one is canceled, too");
    }

    private async Task<bool> IsProven(TestSite site, TestDestination destination) =>
        (await _router.Admin.GetFromJsonAsync<JsonElement>($"/api/sites/{site.Id}/destinations/{destination.Id}")).GetProperty("proven_at")
            .ValueKind is JsonValueKind.String;

    private async Task<JsonElement> Check(TestSite site, TestDestination destination, bool goLive)
    {
        var response = await _router.Admin.PostAsJsonAsync(
            $"/api/sites/{site.Id}/destinations/{destination.Id}/checks", new { go_live = goLive });
        Assert.Equal(202, (int)response.StatusCode);
        return await Eventually.Get(
            () => _router.Admin.GetFromJsonAsync<JsonElement>(response.Headers.Location), report =>
                report.GetProperty("finished").GetBoolean(), "the check is finished");
    }

    private async Task<int> Replay(TestSite site, object filter)
    {
        var response = await _router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/replays", filter);
        var body = await response.Content.ReadAsStringAsync();
        Assert.True((int)response.StatusCode == 202, body);
        var done = await Eventually.Get(
            () => _router.Admin.GetFromJsonAsync<JsonElement>(response.Headers.Location), job =>
                job.GetProperty("finished_at").ValueKind is JsonValueKind.String, "the replay is finished");
        Assert.Equal(JsonSerializer.Deserialize<JsonElement>(body).GetProperty("total").GetInt32(),
            done.GetProperty("replayed").GetInt32());
        return done.GetProperty("replayed").GetInt32();
    }

    private async Task<int> Count(TestSite site, string state) =>
        (await _router.Admin.GetFromJsonAsync<JsonElement>($"/api/sites/{site.Id}/deliveries?state={state}&limit=500")).GetProperty("items")
            .GetArrayLength();
}
