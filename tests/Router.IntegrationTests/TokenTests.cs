using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>What API tokens of each scope may, at which sites, and for how long.</summary>
public sealed class TokenTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Theory]
    // By an operator.
    [InlineData("operate", "GET", "/api/products", 200)]
    [InlineData("operate", "POST", "/api/products", 422)]
    [InlineData("configure", "GET", "/api/products", 200)]
    [InlineData("configure", "POST", "/api/products", 403)]
    [InlineData("configure", "POST", "/api/sites/{site}/destinations", 422)]
    [InlineData("configure", "POST", "/api/sites/{site}/erasure", 403)]
    [InlineData("configure", "POST", "/api/tokens", 422)]
    [InlineData("read", "GET", "/api/products", 200)]
    [InlineData("read", "GET", "/api/sites/{site}/destinations", 200)]
    [InlineData("read", "POST", "/api/products", 403)]
    [InlineData("read", "POST", "/api/sites/{site}/destinations", 403)]
    [InlineData("read", "POST", "/api/sites/{site}/destinations/{lead_manager}/secret", 403)]
    [InlineData("read", "POST", "/api/tokens", 403)]
    [InlineData("read", "GET", "/api/tokens", 200)]
    public async Task Token_OfAScope_MayNoMore(string scope, string method, string path, int status)
    {
        var site = await _router.CreateSite();
        using var http = await With(_router.Admin, new { name = "t", scope });
        path = path.Replace("{site}", $"{site.Id}", StringComparison.Ordinal)
            .Replace("{lead_manager}", $"{site.LeadManager.Id}", StringComparison.Ordinal);
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (method == "POST")
            request.Content = JsonContent.Create(new { });
        using var response = await http.SendAsync(request);
        Assert.Equal(status, (int)response.StatusCode);
        if (status == 403)
            Assert.Contains("This API token", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_ForSomeSites_SeesNoOtherAndNothingOfOperators()
    {
        var (site, other) = (await _router.CreateSite(), await _router.CreateSite());
        using var http = await With(_router.Admin, new { name = "t", sites = new[] { site.Id } });
        var seen = await http.GetFromJsonAsync<JsonElement>("/api/sites");
        Assert.Equal(site.Id, Assert.Single(seen.GetProperty("items").EnumerateArray()).GetProperty("id").GetGuid());
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync($"/api/sites/{site.Id}/destinations")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync($"/api/sites/{other.Id}/destinations")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await http.GetAsync("/api/products")).StatusCode);

        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        using var owners = Using(await owner.MakeToken());
        using var refused = await owners.PostAsJsonAsync("/api/tokens", new { name = "t", sites = new[] { other.Id } });
        Assert.Contains($"There is no site {other.Id}", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_RevokesWhatItHasMadeAndNoOtherOfItsAccount()
    {
        using var other = await With(_router.Admin, new { name = "production" });
        using var maker = await With(_router.Admin, new { name = "maker", scope = "configure" });
        using var made = await With(maker, new { name = "made" });
        using var grandchild = await With(made, new { name = "grandchild" });
        Assert.Equal(["made", "grandchild"], (await Listed(made)).Select(token => token.Name));
        Assert.Equal(["maker", "made", "grandchild"], (await Listed(maker)).Select(token => token.Name));
        var production = await _router.Query<Guid>("select id from api_tokens where name = 'production' order by created_at desc limit 1");
        Assert.Equal(HttpStatusCode.NotFound, (await maker.DeleteAsync($"/api/tokens/{production}")).StatusCode);
        var (makersId, _) = (await Listed(maker))[0];
        Assert.Equal(HttpStatusCode.NotFound, (await made.DeleteAsync($"/api/tokens/{makersId}")).StatusCode);

        Assert.Equal(HttpStatusCode.NoContent, (await maker.DeleteAsync($"/api/tokens/{makersId}")).StatusCode);
        foreach (var gone in (HttpClient[])[maker, made, grandchild])
            Assert.Equal(HttpStatusCode.Unauthorized, (await gone.GetAsync("/api/sites")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await other.GetAsync("/api/sites")).StatusCode);

        static async Task<List<(Guid Id, string Name)>> Listed(HttpClient http) =>
            [.. (await http.GetFromJsonAsync<JsonElement>("/api/tokens")).GetProperty("items").EnumerateArray()
                .Select(token => (token.GetProperty("id").GetGuid(), token.GetProperty("name").GetString()!))];
    }

    [Fact]
    public async Task Token_MadeByAToken_CanDoNoMoreThanThatOne()
    {
        var (site, other) = (await _router.CreateSite(), await _router.CreateSite());
        var end = TimeProvider.System.GetUtcNow().AddDays(2);
        using var maker = await With(_router.Admin, new { name = "m", scope = "configure", sites = new[] { site.Id }, expires_at = end });
        foreach (var (fields, field) in new (object, string)[]
        {
            (new { name = "t", scope = "operate" }, "scope"), (new { name = "t", scope = "root" }, "scope"),
            (new { name = "t", sites = new[] { other.Id } }, "sites"), (new { name = "t", sites = Array.Empty<Guid>() }, "sites"),
            (new { name = "t", expires_at = end.AddDays(1) }, "expires_at"),
            (new { name = "t", expires_at = end.AddDays(-9) }, "expires_at"),
        })
        {
            using var refused = await maker.PostAsJsonAsync("/api/tokens", fields);
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
            var problem = await refused.Content.ReadFromJsonAsync<JsonElement>();
            Assert.Equal(field, Assert.Single(problem.GetProperty("errors").EnumerateObject()).Name);
        }

        var made = await (await maker.PostAsJsonAsync("/api/tokens", new { name = "t" })).Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal("configure", made.GetProperty("scope").GetString());
        Assert.Equal(site.Id, Assert.Single(made.GetProperty("sites").EnumerateArray()).GetGuid());
        Assert.Equal(end.ToUnixTimeMilliseconds(), made.GetProperty("expires_at").GetDateTimeOffset().ToUnixTimeMilliseconds());
        Assert.Matches("^lr_[A-Za-z0-9_-]{43}$", made.GetProperty("token").GetString());
    }

    [Fact]
    public async Task Token_AfterItsEnd_IsRefusedAndToldWhy()
    {
        var made = await Make(_router.Admin, new { name = "t", expires_at = TimeProvider.System.GetUtcNow().AddDays(1) });
        using var http = Using(made.GetProperty("token").GetString()!);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/api/tokens")).StatusCode);
        await _router.Query<object>(
            "update api_tokens set expires_at = now() - interval '1 second' where id = @id", new { id = made.GetProperty("id").GetGuid() });
        using var refused = await http.GetAsync("/api/tokens");
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Contains("has expired", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_MadeOnThePage_IsAsItSays()
    {
        var (site, other) = (await _router.CreateSite(), await _router.CreateSite());
        using var owner = await PageClient.SignedIn(_router, "owner", site.Id, other.Id);
        await owner.Submit(
            "/account/tokens?handler=Token", ("name", "for reports"), ("scope", "read"), ("site", $"{site.Id}"), ("days", "30"));
        var page = await owner.Http.GetStringAsync("/account/tokens");
        Assert.Contains("one site only", page, StringComparison.Ordinal);
        Assert.Equal("read 30", await _router.Query<string>(
            "select scope || ' ' || round(extract(epoch from expires_at - created_at) / 86400) from api_tokens where sites = array[@Id]",
            new { site.Id }));
        // No owner operates, whatever the form says.
        var refused = await owner.Submit("/account/tokens?handler=Token", ("name", "more"), ("scope", "operate"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
    }

    private async Task<HttpClient> With(HttpClient maker, object fields) =>
        Using((await Make(maker, fields)).GetProperty("token").GetString()!);

    private HttpClient Using(string token) => new()
    {
        BaseAddress = _router.Api.Url, DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
    };

    private static async Task<JsonElement> Make(HttpClient maker, object fields)
    {
        using var response = await maker.PostAsJsonAsync("/api/tokens", fields);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }
}
