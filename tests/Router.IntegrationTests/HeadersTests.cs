using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Receivers that want an API key, a password or a token get it with each request; nobody else does.</summary>
public sealed class HeadersTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private const string Key = "key-that-nobody-may-see";

    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Headers_OfADestination_ComeWithEachRequestAndAreNeverShownAgain()
    {
        var site = await _router.CreateSite();
        var (destination, other) = (await site.AddDestination("keyed"), await site.AddDestination("plain"));
        _router.Receiver.Answer(destination.Path, 500, 200);
        var changed = await site.Patch(destination, new { headers = new Dictionary<string, string> { ["X-Api-Key"] = Key } });
        Assert.Equal("X-Api-Key", Assert.Single(changed.GetProperty("header_names").EnumerateArray()).GetString());
        await Eventually.True(
            async () =>
            {
                await site.PostLead();
                return _router.Receiver.At(destination.Path).Any(request => request.Headers.GetValueOrDefault("X-Api-Key") == Key);
            },
            "the header is in force");
        await site.Delivery(destination, "delivered");
        var before = _router.Receiver.At(destination.Path).Count;
        await site.PostLead();
        var request = (await _router.Receiver.Wait(destination.Path, before + 1))[^1];
        Assert.Equal(Key, request.Headers["X-Api-Key"]);
        Assert.True(request.IsSignedWith(destination.Secret));
        Assert.DoesNotContain(_router.Receiver.At(other.Path), one => one.Headers.ContainsKey("X-Api-Key"));
        Assert.DoesNotContain(_router.Receiver.At(site.LeadManager.Path), one => one.Headers.ContainsKey("X-Api-Key"));

        // Names are shown, and values nowhere: not in the API, on no page, in no log, and not in the database.
        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        var delivery = await site.Delivery(destination, "delivered");
        foreach (var path in new[]
        {
            "", "/changes", $"/destinations/{destination.Id}", $"/destinations/{destination.Id}/headers",
            $"/destinations/{destination.Id}/developer", $"/deliveries/{delivery.GetProperty("event_id")}/{destination.Id}",
        })
            Assert.DoesNotContain(Key, await owner.Http.GetStringAsync($"/sites/{site.Id}{path}"), StringComparison.Ordinal);
        Assert.Contains(
            "X-Api-Key: &#x2022;",
            await owner.Http.GetStringAsync($"/sites/{site.Id}/deliveries/{delivery.GetProperty("event_id")}/{destination.Id}"),
            StringComparison.Ordinal);
        Assert.DoesNotContain(
            Key, await _router.Admin.GetStringAsync($"/api/sites/{site.Id}/destinations"), StringComparison.Ordinal);
        Assert.DoesNotContain(Key, _router.Output, StringComparison.Ordinal);
        Assert.False(await _router.Query<bool>(
            "select exists (select from destinations where header_values like '%' || @Key || '%') "
            + "or exists (select from audit_log where changes::text like '%' || @Key || '%')", new { Key }));

        // Another one beside it; the first is taken away.
        await site.Patch(destination, new
        {
            headers = new Dictionary<string, string?> { ["Authorization"] = "Bearer t", ["x-api-key"] = null },
        });
        await Eventually.True(
            async () =>
            {
                await site.PostLead();
                return _router.Receiver.At(destination.Path)[^1].Headers is var headers
                    && headers.GetValueOrDefault("Authorization") == "Bearer t" && !headers.ContainsKey("X-Api-Key");
            },
            "the token alone is sent");
    }

    [Fact]
    public async Task Headers_OnTheirPage_AreEnteredTestedAndTakenAway()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("crm");
        var (_, link) = await PageClient.Invite(_router, "owner", site.Id);
        using var browser = new Browserless(_router.Api.Url);
        await browser.Submit(await browser.Get(link), "Save and sign in", ("password", PageClient.Password));
        var path = $"/sites/{site.Id}/destinations/{destination.Id}/headers";

        var wrong = await browser.Submit(await browser.Get(path), "Save the header", ("header", "Content-Type"), ("value", Key));
        Assert.Equal(422, wrong.Status);
        Assert.Contains("set by the router itself", wrong.Error("header"), StringComparison.Ordinal);
        Assert.DoesNotContain(Key, wrong.Html, StringComparison.Ordinal);
        var injected = await browser.Submit(wrong, "Save the header", ("header", "X-Key"), ("value", "a\nX-Injected: b"));
        Assert.Contains("on one line", injected.Error("value"), StringComparison.Ordinal);

        var saved = await browser.Submit(injected, "Save username and password", ("username", "ann"), ("password", "päss word"));
        Assert.Contains("crm gets Authorization with each request", saved.Text, StringComparison.Ordinal);
        var basic = $"Basic {Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes("ann:päss word"))}";
        await Eventually.True(
            async () =>
            {
                await site.PostLead();
                return _router.Receiver.At(destination.Path).Any(one => one.Headers.GetValueOrDefault("Authorization") == basic);
            },
            "the password is sent");

        saved = await browser.Submit(saved, "Save the token", ("token", "t-1"));
        Assert.Single(saved.Html.Split("aria-label=\"Take Authorization away\"")[1..]);
        saved = await browser.Submit(saved, "Take Authorization away");
        Assert.DoesNotContain("Sent with each request", saved.Text, StringComparison.Ordinal);
        Assert.Contains("headers", (await browser.Get($"/sites/{site.Id}/changes")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Headers_ThatCannotBe_AreRefusedAndNothingIsChanged()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("strict");
        var path = $"/api/sites/{site.Id}/destinations/{destination.Id}";
        await site.Patch(destination, new { headers = new Dictionary<string, string> { ["X-Api-Key"] = Key } });
        foreach (var (headers, status) in new (Dictionary<string, string?>, HttpStatusCode)[]
        {
            (new() { ["Host"] = "elsewhere.test" }, HttpStatusCode.UnprocessableEntity),
            (new() { ["X-Lead-Router-Signature"] = "sha256=0" }, HttpStatusCode.UnprocessableEntity),
            (new() { ["X-Key"] = "a\r\nX-Injected: b" }, HttpStatusCode.UnprocessableEntity),
            (Enumerable.Range(0, 10).ToDictionary(i => $"X-{i}", i => (string?)"v"), HttpStatusCode.Conflict),
        })
        {
            using var refused = await _router.Admin.PatchAsJsonAsync(path, new { headers });
            Assert.Equal(status, refused.StatusCode);
            Assert.DoesNotContain("Injected", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        // Whoever may change the URL doesn't get at the key by it; on the same server it stays.
        using var elsewhere = await _router.Admin.PatchAsJsonAsync(path, new { url = "https://elsewhere.test/leads" });
        Assert.Equal(HttpStatusCode.Conflict, elsewhere.StatusCode);
        await site.Patch(destination, new { url = new Uri(_router.Receiver.Url, $"{destination.Path}?v=2").AbsoluteUri });
        await site.Patch(
            destination, new { url = "https://elsewhere.test/leads", headers = new Dictionary<string, string?> { ["X-Api-Key"] = null } });
        Assert.Empty((await _router.Admin.GetFromJsonAsync<JsonElement>(path)).GetProperty("header_names").EnumerateArray());

        using var created = await _router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/destinations", new
        {
            name = "new", url = "https://new.test", secret = "a long enough secret", active = false,
            headers = new Dictionary<string, string> { ["apikey"] = Key },
        });
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
    }
}
