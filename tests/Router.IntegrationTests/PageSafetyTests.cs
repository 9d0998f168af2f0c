using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>What is sent to pages and API breaks nothing, and what they show is for its readers alone.</summary>
public sealed class PageSafetyTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Cookies_AndHeaders_KeepPagesSafe()
    {
        var site = await _router.CreateSite();
        var (email, link) = await PageClient.Invite(_router, "owner", site.Id);
        using var client = new PageClient(_router);
        var signedIn = await client.Submit(link, ("password", PageClient.Password));
        var cookie = Assert.Single(
            signedIn.Headers.GetValues("Set-Cookie"), value => value.StartsWith("lead_router_session=", StringComparison.Ordinal));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);

        // Behind a proxy that ends TLS, and anywhere but on this machine itself.
        using var secure = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = _router.Api.Url };
        secure.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
        secure.DefaultRequestHeaders.Host = "router.example.test";
        var page = await secure.GetAsync("/sign-in");
        Assert.Equal("max-age=31536000; includeSubDomains", page.Headers.GetValues("Strict-Transport-Security").Single());
        Assert.All(page.Headers.GetValues("Set-Cookie"), value => Assert.Contains("; secure", value, StringComparison.OrdinalIgnoreCase));
        foreach (var path in new[] { "/sign-in", $"/sites/{site.Id}", "/nowhere", link })
        {
            var response = await client.Http.GetAsync(path);
            var policy = response.Headers.GetValues("Content-Security-Policy").Single();
            Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe-inline", policy, StringComparison.Ordinal);
            Assert.True(response.Headers.CacheControl!.NoStore);
            Assert.Equal("no-referrer", response.Headers.GetValues("Referrer-Policy").Single());
            var html = await response.Content.ReadAsStringAsync();
            Assert.All(html.Split("<script")[1..], script => Assert.StartsWith(" src=\"/assets/", script, StringComparison.Ordinal));
            Assert.DoesNotContain(" style=", html, StringComparison.OrdinalIgnoreCase);
        }

        // A session is no token: a form on another site can't call the API.
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.Http.GetAsync($"/api/sites/{site.Id}")).StatusCode);
        // A shared computer keeps nothing of the pages.
        var signedOut = await client.SubmitFrom("/account", "/sign-out");
        Assert.Equal("\"cache\", \"storage\"", signedOut.Headers.GetValues("Clear-Site-Data").Single());
        // Where somebody is sent after signing in is ours.
        using var other = new PageClient(_router);
        Assert.Equal("/", (await other.Submit("/sign-in", ("email", email), ("password", PageClient.Password),
            ("return", "https://evil.test/"))).Headers.Location!.OriginalString);
    }

    [Theory]
    [InlineData("/?find=%00")]
    [InlineData("/operator/audit?actor=a%00b")]
    [InlineData("/sites/{site}/deliveries?from=0001-01-01T00:00&to=9999-12-31T23:59")]
    [InlineData("/sites/{site}/deliveries?lead=nonsense&state=lost&after=garbage")]
    [InlineData("/sites/{site}/changes?before=-1")]
    [InlineData("/sites/{site}/statement?days=-5&destination=x")]
    public async Task Queries_OfAnyKind_BreakNoPage(string path)
    {
        var site = await _router.CreateSite();
        using var @operator = await PageClient.SignedIn(_router, "operator");
        await @operator.Submit("/account?handler=TimeZone", ("time_zone", "Asia/Tokyo"));
        var response = await @operator.Http.GetAsync(path.Replace("{site}", $"{site.Id}", StringComparison.Ordinal));
        Assert.True((int)response.StatusCode < 500, $"{(int)response.StatusCode}");
    }

    [Fact]
    public async Task Bodies_WithOddTexts_AreRefusedInWords()
    {
        Assert.Equal(422, (int)(await _router.Admin.PostAsJsonAsync("/api/accounts", new { email = "İ@x.test" })).StatusCode);
        Assert.Equal(422, (int)(await _router.Admin.PostAsJsonAsync("/api/products", new { username = "a\n", display_name = "a" }))
            .StatusCode);
        var site = await _router.CreateSite();
        await site.AddDestination("twice");
        Assert.Equal(409, (int)(await _router.Admin.PostAsJsonAsync(
            $"/api/sites/{site.Id}/destinations", new { name = "Twice", url = "https://x.test", secret = "s" })).StatusCode);
        Assert.Equal(422, (int)(await _router.Admin.GetAsync($"/api/sites/{site.Id}/statement?to=0001-01-01T00:00:00Z")).StatusCode);
        Assert.Equal(400, (int)(await _router.Admin.GetAsync("/api/products?cursor=%00")).StatusCode);
    }

    [Fact]
    public async Task Secret_RefusedWhileTheOldOneIsLeaked_KeepsTheTick()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("leaky", signature: "both", secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        var again = await owner.Submit($"/sites/{site.Id}/destinations/{destination.Id}/secret", ("secret", "whsec_?"), ("leaked", "true"));
        Assert.Equal(422, (int)again.StatusCode);
        Assert.Matches("name=\"leaked\"[^>]* checked", await again.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Owner_AtLeadManagerAndTheSitesName_IsToldWhoChangesThem()
    {
        var site = await _router.CreateSite();
        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        using var api = new HttpClient { BaseAddress = _router.Api.Url };
        api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await owner.MakeToken());
        var path = $"/api/sites/{site.Id}";
        Assert.Equal(HttpStatusCode.Forbidden,
            (await api.PatchAsJsonAsync($"{path}/destinations/{site.LeadManager.Id}", new { url = "https://evil.test" })).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden,
            (await api.PostAsJsonAsync($"{path}/destinations/{site.LeadManager.Id}/secret", new { })).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await api.PatchAsJsonAsync(path, new { domain = "evil.test" })).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await api.PatchAsJsonAsync(path, new { require_proven = true })).StatusCode);
        Assert.Equal(site.Id,
            Assert.Single((await api.GetFromJsonAsync<JsonElement>("/api/sites")).GetProperty("items").EnumerateArray()).GetProperty("id")
            .GetGuid());
    }

    [Fact]
    public async Task Delivery_SeenByAnOperator_ShowsNothingOfTheLead()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("echo");
        _router.Receiver.Answer(destination.Path, async (context, request) =>
        {
            context.Response.StatusCode = 422;
            await context.Response.Body.WriteAsync(request.Body);
        });
        await site.PostLead("A very private note");
        var delivery = await site.Delivery(destination, "dead");
        Assert.All(delivery.GetProperty("attempts").EnumerateArray(), attempt =>
            Assert.Equal(("", true),
            (attempt.GetProperty("response_body").GetString(), attempt.GetProperty("response_hidden").GetBoolean())));

        var path = $"/sites/{site.Id}/deliveries/{delivery.GetProperty("event_id").GetString()}/{destination.Id}";
        using var @operator = await PageClient.SignedIn(_router, "operator");
        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        var seenByOperator = await Text(await @operator.Http.GetAsync(path));
        Assert.Contains("answered 422", seenByOperator, StringComparison.Ordinal);
        Assert.DoesNotContain("A very private note", seenByOperator, StringComparison.Ordinal);
        Assert.DoesNotContain("jack@mail.test", seenByOperator, StringComparison.Ordinal);
        Assert.Contains("A very private note", await Text(await owner.Http.GetAsync(path)), StringComparison.Ordinal);
    }

    private static Task<string> Text(HttpResponseMessage response) => response.Content.ReadAsStringAsync();
}
