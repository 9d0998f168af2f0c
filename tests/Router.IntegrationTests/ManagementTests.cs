using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using Npgsql;
using Router.Testing;

namespace Router.IntegrationTests;

public sealed class ManagementTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Theory]
    [InlineData("GET", "/api/sites")]
    [InlineData("POST", "/api/sites")]
    [InlineData("POST", "/api/products")]
    [InlineData("GET", "/api/sites/5ead6dd1-2cb9-4f80-80fc-5716b05c90ba/destinations")]
    [InlineData("GET", "/api/sites/5ead6dd1-2cb9-4f80-80fc-5716b05c90ba/deliveries")]
    public async Task Token_MissingOrWrong_Is401(string method, string path)
    {
        using var http = new HttpClient { BaseAddress = _router.Api.Url };
        foreach (var token in (string?[])[null, "Bearer wrong", "Bearer ", $"Bearer {RouterFixture.AdminToken}x", "Basic YTpi"])
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = JsonContent.Create(new { }) };
            request.Headers.TryAddWithoutValidation("Authorization", token);
            await AssertProblem(401, await http.SendAsync(request));
        }
    }

    [Fact]
    public async Task Site_Created_HasItsLeadManagerFirst()
    {
        var site = await _router.CreateSite();
        await site.AddDestination("custom");
        var items = (await Get($"/api/sites/{site.Id}/destinations")).GetProperty("items");
        Assert.Equal(["lead_manager", "custom"], items.EnumerateArray().Select(item => item.GetProperty("kind").GetString()));
        Assert.True(items[0].GetProperty("active").GetBoolean());
        Assert.Equal("lm", items[0].GetProperty("partner_id").GetString());
        Assert.Equal("www.site.test", (await Get($"/api/sites/{site.Id}")).GetProperty("domain").GetString());
    }

    [Fact]
    public async Task Site_Invalid_GetsEveryProblemByField()
    {
        var problem = await AssertProblem(422,
            await _router.Admin.PostAsJsonAsync(
            "/api/sites", new { name = "", login_url_template = "not a url", lead_manager = new { url = "ftp://x" } }));
        Assert.Equal(
            ["domain", "lead_manager.secret", "lead_manager.url", "login_url_template", "name"],
            problem.GetProperty("errors").EnumerateObject().Select(error => error.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Body_NotAsDescribed_SaysWhere()
    {
        var site = await _router.CreateSite();
        var problem = await AssertProblem(
            400, await _router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/destinations", new { active = "yes" }));
        Assert.Contains("$.active", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_TakenAlready_Are409()
    {
        var site = await _router.CreateSite();
        await AssertProblem(409, await _router.Admin.PostAsJsonAsync("/api/sites", new
        {
            id = site.Id, name = "n", domain = "d", lead_manager = new { url = "https://x.test", secret = "s" },
        }));
        await AssertProblem(409,
            await _router.Admin.PostAsJsonAsync("/api/products", new { username = $"web-{site.Id:N}", display_name = "again" }));
    }

    [Fact]
    public async Task LeadManager_DeactivatedOrDeleted_IsRefusedByTheApi()
    {
        var site = await _router.CreateSite();
        var path = $"/api/sites/{site.Id}/destinations/{site.LeadManager.Id}";
        await AssertProblem(409, await _router.Admin.PatchAsJsonAsync(path, new { active = false }));
        await AssertProblem(409, await _router.Admin.DeleteAsync(path));
        Assert.Equal(HttpStatusCode.OK,
            (await _router.Admin.PatchAsJsonAsync(path, new { active = true, partner_id = "changed" })).StatusCode);
    }

    [Theory]
    [InlineData("update destinations set active = false where id = @LeadManager")]
    [InlineData("update destinations set deleted_at = now(), active = false where id = @LeadManager")]
    [InlineData("update destinations set kind = 'custom' where id = @LeadManager")]
    [InlineData("update destinations set site_id = @Other where id = @LeadManager")]
    [InlineData("delete from destinations where id = @LeadManager")]
    [InlineData("truncate destinations cascade")]
    [InlineData("insert into sites (id, name, domain) values (gen_random_uuid(), 'a', 'b')")]
    [InlineData("insert into destinations (id, site_id, kind, name, url, secret) "
        + "values (gen_random_uuid(), @Site, 'lead_manager', 'second', 'https://x', 's')")]
    [InlineData("delete from sites where id = @Site")]
    public async Task LeadManager_TakenAway_IsRefusedByTheDatabase(string sql)
    {
        var (site, other) = (await _router.CreateSite(), await _router.CreateSite());
        await using var database = await _router.OpenDatabase();
        var refused = await Assert.ThrowsAsync<PostgresException>(() =>
            database.ExecuteAsync(sql, new { LeadManager = site.LeadManager.Id, Site = site.Id, Other = other.Id }));
        Assert.StartsWith("23", refused.SqlState, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Secrets_OnceSet_AreNeverShown()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("custom");
        var patched = await site.Patch(destination, new { secret = "another secret" });
        foreach (var text in new[] { patched.ToString(), (await Get($"/api/sites/{site.Id}/destinations")).ToString(),
            (await Get("/api/sites")).ToString(), (await Get("/api/products")).ToString() })
        {
            Assert.DoesNotContain("another secret", text, StringComparison.Ordinal);
            Assert.DoesNotContain(destination.Secret, text, StringComparison.Ordinal);
            Assert.DoesNotContain(site.LeadManager.Secret, text, StringComparison.Ordinal);
        }

        var stored = await _router.Query<string>(
            "select encode(password_sha256, 'hex') from products where username = @Name", new { Name = $"web-{site.Id:N}" });
        Assert.Equal(64, stored.Length);
    }

    [Fact]
    public async Task Destination_OfAnotherSite_IsNotThere()
    {
        var (site, other) = (await _router.CreateSite(), await _router.CreateSite());
        var destination = await other.AddDestination("theirs");
        await site.PostLead();
        var delivery = await site.Delivery(site.LeadManager, "delivered");
        var path = $"/api/sites/{site.Id}/destinations/{destination.Id}";
        await AssertProblem(404, await _router.Admin.GetAsync(path));
        await AssertProblem(404, await _router.Admin.PatchAsJsonAsync(path, new { active = false }));
        await AssertProblem(404, await _router.Admin.DeleteAsync(path));
        await AssertProblem(404,
            await _router.Admin.GetAsync($"/api/sites/{other.Id}/deliveries/{delivery.GetProperty("event_id")}/{site.LeadManager.Id}"));
        await AssertProblem(404, await _router.Admin.GetAsync($"/api/sites/{Guid.NewGuid()}/destinations"));
        await AssertProblem(404, await _router.Admin.PutAsync($"/api/products/nobody/sites/{site.Id}", content: null));
    }

    [Fact]
    public async Task Deliveries_Paged_ComeNewestFirstAndOnce()
    {
        var site = await _router.CreateSite();
        await site.AddDestination("a");
        var leads = new List<string>();
        for (var i = 0; i < 5; i++)
            leads.Add(await site.PostLead());
        await Eventually.True(
            async () => (await site.Deliveries()).GetProperty("items").EnumerateArray()
                .Count(item => item.GetProperty("state").GetString() == "delivered") == 10,
            "all are delivered");

        var seen = new List<(string Lead, string Destination)>();
        string? cursor = null;
        do
        {
            var page = await Get($"/api/sites/{site.Id}/deliveries?limit=3{(cursor is null ? "" : $"&cursor={cursor}")}");
            Assert.InRange(page.GetProperty("items").GetArrayLength(), 1, 3);
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(item =>
                (item.GetProperty("lead_id").GetString()!, item.GetProperty("destination_name").GetString()!)));
            cursor = page.GetProperty("next").GetString();
        }
        while (cursor is not null);

        Assert.Equal(10, seen.Distinct().Count());
        Assert.Equal(leads.AsEnumerable().Reverse(), seen.Select(row => row.Lead).Distinct(StringComparer.Ordinal));
        await AssertProblem(422, await _router.Admin.GetAsync($"/api/sites/{site.Id}/deliveries?cursor=nonsense"));
    }

    [Fact]
    public async Task Deliveries_Filtered_AreThoseAlone()
    {
        var site = await _router.CreateSite();
        var picky = await site.AddDestination("picky");
        _router.Receiver.Answer(picky.Path, 406, 200);
        var leads = new[] { await site.PostLead() };
        await site.Delivery(picky, "rejected");
        leads = [.. leads, await site.PostLead()];
        await site.Delivery(picky, "delivered");
        await site.Delivery(site.LeadManager, "delivered");

        Assert.Equal(1, await Found("state=rejected"));
        Assert.Equal(3, await Found("state=delivered"));
        Assert.Equal(2, await Found($"destination={picky.Id}"));
        Assert.Equal(2, await Found($"lead={leads[0]}"));
        Assert.Equal(1, await Found($"lead={leads[1]}&destination={picky.Id}&state=delivered"));
        Assert.Equal(0, await Found("state=dead"));
        await AssertProblem(422, await _router.Admin.GetAsync($"/api/sites/{site.Id}/deliveries?state=lost"));

        async Task<int> Found(string query) =>
            (await Get($"/api/sites/{site.Id}/deliveries?{query}")).GetProperty("items").GetArrayLength();
    }

    [Fact]
    public async Task Destinations_Paged_ComeOnce()
    {
        var site = await _router.CreateSite();
        foreach (var name in (string[])["a", "b", "c"])
            await site.AddDestination(name);
        var first = await Get($"/api/sites/{site.Id}/destinations?limit=3");
        var second = await Get($"/api/sites/{site.Id}/destinations?limit=3&cursor={first.GetProperty("next").GetString()}");
        var names = first.GetProperty("items").EnumerateArray().Concat(second.GetProperty("items").EnumerateArray())
            .Select(item => item.GetProperty("name").GetString());
        Assert.Equal(["Lead Manager", "a", "b", "c"], names);
        Assert.Equal(JsonValueKind.Null, second.GetProperty("next").ValueKind);
    }

    private Task<JsonElement> Get(string path) => _router.Admin.GetFromJsonAsync<JsonElement>(path);

    private static async Task<JsonElement> AssertProblem(int status, HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsStringAsync();
        Assert.Equal((status, "application/problem+json"), ((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        var problem = JsonSerializer.Deserialize<JsonElement>(body);
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
        return problem;
    }
}
