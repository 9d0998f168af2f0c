using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>What is sent again, by hand or by itself, is sent as often as was meant: no less, no more.</summary>
public sealed class RecoveryTests(SharedRouter shared) : IClassFixture<SharedRouter>
{

    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Attempt_TakenForLostThatCameAfterAll_IsInTheHistoryOnce()
    {
        var site = await _router.CreateSite();
        var release = new TaskCompletionSource();
        _router.Receiver.Answer(site.LeadManager.Path, async (context, request) =>
        {
            context.Response.StatusCode = request.Attempt == 1 ? 500 : 200;
            if (request.Attempt == 2)
                await release.Task;
        });
        await site.PostLead();
        await Eventually.True(
            () => _router.Receiver.At(site.LeadManager.Path).Any(request => request.Attempt == 2), "the second attempt is under way");
        // As if its lease had ended.
        await _router.Query<int>(
            "update deliveries set next_attempt_at = now(), leased_until = null where destination_id = @Id returning attempts",
            new { site.LeadManager.Id });
        await Eventually.True(
            () => _router.Receiver.At(site.LeadManager.Path).Any(request => request.Attempt == 3), "the third one is made");
        release.SetResult();

        await Eventually.True(
            async () => (await site.Delivery(site.LeadManager, "delivered")).GetProperty("attempts").EnumerateArray()
                .Select(attempt => (attempt.GetProperty("attempt").GetInt32(), attempt.GetProperty("error").GetString()))
                    .SequenceEqual([(1, null), (2, null), (3, null)]),
            "each attempt is there once, with its own outcome");
    }

    [Fact]
    public async Task Replay_AskedForTwice_IsSentTwice()
    {
        var site = await _router.CreateSite();
        var first = new TaskCompletionSource();
        _router.Receiver.Answer(site.LeadManager.Path, (_, request) => request.Attempt == 1 ? first.Task : Task.CompletedTask);
        await site.PostLead();
        await _router.Receiver.Wait(site.LeadManager.Path, 1);
        var row = await Eventually.Get(async () => (await site.Deliveries()).GetProperty("items").EnumerateArray().FirstOrDefault(), item =>
            item.ValueKind is JsonValueKind.Object, "it is planned");
        var path = $"/api/sites/{site.Id}/deliveries/{row.GetProperty("event_id").GetString()}/{site.LeadManager.Id}/replay";

        // Not beside a request that is under way; after it, each time.
        Assert.Equal(409, (int)(await _router.Admin.PostAsync(path, content: null)).StatusCode);
        first.SetResult();
        for (var attempts = 1; attempts < 3; attempts++)
        {
            await Eventually.Get(() => site.Delivery(site.LeadManager, "delivered"), delivery =>
                delivery.GetProperty("attempts").GetArrayLength() == attempts, "it is delivered");
            (await _router.Admin.PostAsync(path, content: null)).EnsureSuccessStatusCode();
        }

        Assert.Equal([1, 2, 3], (await _router.Receiver.Wait(site.LeadManager.Path, 3)).Select(request => request.Attempt));
        await site.AssertAccountedFor(1);
    }

    [Fact]
    public async Task Destination_SwitchedOffAndOn_GetsWhatComesFromThenOn()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("switched");
        var leads = new List<string>();
        foreach (var active in new[] { true, false, true })
        {
            await site.Patch(destination, new { active });
            await Task.Delay(1000, TestContext.Current.CancellationToken);
            leads.Add(await site.PostLead());
            await site.Delivery(site.LeadManager, "delivered");
        }

        var received = await _router.Receiver.Wait(destination.Path, 2);
        Assert.Equal([leads[0], leads[2]], received.Select(request => request.Json.GetProperty("id").GetString()));
        Assert.Equal(1, await _router.Query<int>(
            "select sum(skipped)::int from statement where destination_id = @Id", new { destination.Id }));
        await site.AssertAccountedFor(3);
    }

    [Fact]
    public async Task Recovery_OfWhatIsDeadSinceThen_SendsThatOnceAndNothingElse()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("recovering");
        await site.PostLead();
        await site.Delivery(destination, "delivered");
        _router.Receiver.Answer(destination.Path, 500);
        await site.PostLead();
        await site.Delivery(destination, "dead");
        var since = TimeProvider.System.GetUtcNow();
        for (var i = 0; i < 3; i++)
            await site.PostLead();
        await Eventually.Equal(4, () => Count("state = 'dead'"), "all are dead");

        _router.Receiver.Answer(destination.Path, 200);
        var started = await _router.Admin.PostAsJsonAsync(
            $"/api/sites/{site.Id}/replays", new { state = "dead", destination = destination.Id, from = since });
        Assert.Equal(3, (await started.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("total").GetInt32());
        await Eventually.Equal(4, () => Count("state = 'delivered'"), "they are delivered");
        await Eventually.True(
            async () => (await _router.Admin.GetFromJsonAsync<JsonElement>(started.Headers.Location)).GetProperty("finished_at")
                .ValueKind is JsonValueKind.String, "the replay is finished");
        // Each has its four failures and the one that got through; the oldest has only its failures.
        await using var database = await _router.OpenDatabase();
        var attempts = await database.QueryAsync<(string State, int Attempts)>(
            "select state, attempts from deliveries where destination_id = @Id order by accepted_at", new { destination.Id });
        Assert.Equal([("delivered", 1), ("dead", 4), ("delivered", 5), ("delivered", 5), ("delivered", 5)], attempts);
        Assert.Equal(1 + 4 + 15, _router.Receiver.At(destination.Path).Count);

        Task<int> Count(string which) =>
            _router.Query<int>($"select count(*)::int from deliveries where destination_id = @Id and {which}", new { destination.Id });
    }

    [Fact]
    public async Task Retries_DueTheMomentTheyAreRecorded_AreMadeOnceEach()
    {
        await using var router = await RouterFixture.Start(
            shared.Servers, workers: 2, ("Delivery:RetrySchedule", string.Join(',', Enumerable.Repeat("00:00:00.001", 5))),
            ("Delivery:DueInterval", "00:00:00.005"));
        var site = await router.CreateSite();
        router.Receiver.Answer(site.LeadManager.Path, (context, request) =>
        {
            context.Response.StatusCode = request.Attempt <= 5 ? 500 : 200;
            return Task.CompletedTask;
        });
        for (var i = 0; i < 20; i++)
            await site.PostLead();
        await Eventually.True(async () =>
            await router.Query<int>("select count(*)::int from deliveries where state = 'delivered'") == 20, "all are delivered");
        Assert.All(
            router.Receiver.At(site.LeadManager.Path).GroupBy(request => request.MessageId, StringComparer.Ordinal),
            message => Assert.Equal([1, 2, 3, 4, 5, 6], message.Select(request => request.Attempt)));
        await site.AssertAccountedFor(20);
    }
}
