using System.Net.Http.Json;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Looking for deliveries and reading what became of them.</summary>
public sealed class HistoryTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Deliveries_OfAMessageStatusErrorOrTime_AreThoseAlone()
    {
        var site = await _router.CreateSite();
        var (failing, gone) = (
            await site.AddDestination("failing"), await site.AddDestination("gone", url: $"http://127.0.0.1:{TestHost.FreePort()}/"));
        _router.Receiver.Answer(failing.Path, 500);
        await site.PostLead();
        var first = await site.Delivery(gone, "dead");
        await site.Delivery(failing, "dead");
        var between = TimeProvider.System.GetUtcNow();
        await site.PostLead();
        await Eventually.True(
            async () => (await Found("state=dead")).Count == 4 && (await Found("state=delivered")).Count == 2, "all are finished");

        Assert.Equal(["Lead Manager", "failing", "gone"],
            (await Found($"message={first.GetProperty("event_id").GetString()}")).Order(StringComparer.Ordinal));
        Assert.Equal(["failing", "failing"], await Found("status=500"));
        Assert.Equal(["gone", "gone"], await Found("error=connection_refused"));
        Assert.Equal(["gone", "gone"], await Found("error=refused"));
        Assert.Equal(3, (await Found($"from={At(between)}")).Count);
        Assert.Equal(["gone"], await Found($"to={At(between)}&error=connection_refused"));
        Assert.Empty(await Found($"from={At(between)}&to={At(between)}"));

        async Task<List<string>> Found(string query) =>
            [.. (await Get($"/api/sites/{site.Id}/deliveries?{query}")).GetProperty("items").EnumerateArray()
                .Select(item => item.GetProperty("destination_name").GetString()!)];
    }

    [Fact]
    public async Task Delivery_WithAHeaderThatHasNoValue_IsShownAllTheSame()
    {
        var site = await _router.CreateSite();
        _router.Receiver.Answer(site.LeadManager.Path, 406);
        await site.PostLead();
        var delivery = await site.Delivery(site.LeadManager, "rejected");
        foreach (var table in (string[])["deliveries", "delivery_attempts"])
        {
            await _router.Query<int>(
                $"update {table} set response_headers = E'Server\nContent-Type: text/plain' where destination_id = @Id",
                new { site.LeadManager.Id });
        }

        var path = $"/api/sites/{site.Id}/deliveries/{delivery.GetProperty("event_id").GetString()}/{site.LeadManager.Id}";
        using var page = await PageClient.SignedIn(_router, "owner", site.Id);
        using var owner = new HttpClient { BaseAddress = _router.Api.Url };
        owner.DefaultRequestHeaders.Authorization = new("Bearer", await page.MakeToken());
        var headers = (await owner.GetFromJsonAsync<JsonElement>(path)).GetProperty("attempts")[0].GetProperty("response_headers");
        Assert.Equal("", headers.GetProperty("Server").GetString());
        Assert.Equal("text/plain", headers.GetProperty("Content-Type").GetString());
    }

    [Fact]
    public async Task Attempts_OfADelivery_ComeOldestFirstWithTheirTimes()
    {
        var site = await _router.CreateSite();
        _router.Receiver.Answer(site.LeadManager.Path, 500, 503, 200);
        await site.PostLead();
        var attempts = (await site.Delivery(site.LeadManager, "delivered")).GetProperty("attempts").EnumerateArray().ToList();
        Assert.Equal([(1, 500), (2, 503), (3, 200)],
            attempts.Select(attempt => (attempt.GetProperty("attempt").GetInt32(), attempt.GetProperty("status").GetInt32())));
        var times = attempts.ConvertAll(attempt => attempt.GetProperty("started_at").GetDateTimeOffset());
        Assert.Equal(times.Order(), times);
    }

    [Fact]
    public async Task Attempts_MoreThanAreReadAtOnce_AreAllReachedInParts()
    {
        var site = await _router.CreateSite();
        await site.PostLead();
        await site.AddAttempts(site.LeadManager, 119);
        // A lead that comes back after its worker died has its first attempt twice. It must not fall between two parts.
        await _router.Query<int>(
            """
            insert into delivery_attempts (event_id, destination_id, site_id, attempt, started_at, duration_us, result)
            select event_id, destination_id, site_id, attempt, started_at - interval '1 ms', 0, 'failed'
            from delivery_attempts where destination_id = @Id and attempt = 71 returning 1
            """, new { site.LeadManager.Id });
        var delivery = await site.Delivery(site.LeadManager, "delivered");
        var path = $"sites/{site.Id}/deliveries/{delivery.GetProperty("event_id")}/{site.LeadManager.Id}";
        var seen = new List<int>();
        foreach (var (before, first, leftOut) in new (string, int, int)[]
            { ("", 71, 70), ("?before_attempt=71", 21, 20), ("?before_attempt=21", 1, 0), ("?before_attempt=1", 0, 0) })
        {
            var part = await Get($"/api/{path}{before}");
            var numbers = Numbers(part);
            Assert.Equal((first, leftOut), (numbers.FirstOrDefault(), part.GetProperty("attempts_left_out").GetInt32()));
            Assert.Equal(numbers.Order(), numbers);
            Assert.Equal(120, part.GetProperty("attempts_made").GetInt32());
            seen.InsertRange(0, numbers);
        }

        Assert.Equal(Enumerable.Range(1, 120).Append(71).Order(), seen);
        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        Assert.Contains("There were 70 attempts more before these.", await owner.Http.GetStringAsync($"/{path}"), StringComparison.Ordinal);
        var router = CommandLine.Of(_router);
        var message = delivery.GetProperty("event_id").GetString()!;
        Assert.Contains("70 more before these: --before-attempt 71", (await router.Run("deliveries", "show", message)).Output,
            StringComparison.Ordinal);
        var earlier = (await router.Run("deliveries", "show", message, "--before-attempt", "71", "--json")).Json[0];
        Assert.Equal(Enumerable.Range(21, 50), Numbers(earlier));

        // The attempt that it leads to may be there already.
        using var answer = await _router.Admin.PostAsync($"/api/{path}/replay", content: null);
        var replayed = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.InRange(Numbers(replayed).Count, 50, 51);
        Assert.InRange(Numbers(replayed).Count + replayed.GetProperty("attempts_left_out").GetInt32(), 121, 122);
    }

    [Theory]
    [InlineData("0", 422)]
    [InlineData("-1", 422)]
    [InlineData("first", 400)]
    [InlineData("99999999999", 400)]
    public async Task Attempts_BeforeWhatIsNoNumber_AreRefused(string before, int status)
    {
        var site = await _router.CreateSite();
        await site.PostLead();
        var message = (await site.Delivery(site.LeadManager, "delivered")).GetProperty("event_id");
        using var refused = await _router.Admin.GetAsync(
            $"/api/sites/{site.Id}/deliveries/{message}/{site.LeadManager.Id}?before_attempt={before}");
        Assert.Equal(status, (int)refused.StatusCode);
        var problem = await refused.Content.ReadFromJsonAsync<JsonElement>();
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
        if (status == 422)
            Assert.True(problem.GetProperty("errors").TryGetProperty("before_attempt", out _));
    }

    [Fact]
    public async Task Pages_ReadWhileLeadsComeIn_RepeatAndSkipNothing()
    {
        var site = await _router.CreateSite();
        var leads = new List<string>();
        for (var i = 0; i < 6; i++)
            leads.Insert(0, await site.PostLead());
        await Eventually.True(async () => (await site.Deliveries()).GetProperty("items").GetArrayLength() == 6, "all are planned");

        var seen = new List<string>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await Get($"/api/sites/{site.Id}/deliveries?limit=2{cursor}");
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("lead_id").GetString()!));
            cursor = page.GetProperty("next").GetString() is { } next ? $"&cursor={next}" : null;
            await site.PostLead();
            await site.Delivery(site.LeadManager, "delivered");
        }

        Assert.Equal(leads, seen);
    }

    private static List<int> Numbers(JsonElement delivery) =>
        [.. delivery.GetProperty("attempts").EnumerateArray().Select(attempt => attempt.GetProperty("attempt").GetInt32())];

    private Task<JsonElement> Get(string path) => _router.Admin.GetFromJsonAsync<JsonElement>(path);

    private static string At(DateTimeOffset time) => Uri.EscapeDataString($"{time:O}");
}
