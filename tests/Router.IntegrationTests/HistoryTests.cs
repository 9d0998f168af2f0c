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

    private Task<JsonElement> Get(string path) => _router.Admin.GetFromJsonAsync<JsonElement>(path);

    private static string At(DateTimeOffset time) => Uri.EscapeDataString($"{time:O}");
}
