using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Receivers that want an access token (OAuth 2.0 client credentials) get one with each request.</summary>
public sealed class AccessTokenTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private const string Secret = "client-secret-that-nobody-may-see";
    private const string Token = "token-that-nobody-may-see";

    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Tokens_OfADestination_ComeWithEachRequestAreAskedForOnceAndNeverShown()
    {
        var site = await _router.CreateSite();
        var (destination, other) = (await site.AddDestination("tokens"), await site.AddDestination("plain"));
        var path = TokenPath(site);
        _router.Receiver.Answer(path, (context, _) => Give(context, Token));
        var changed = await SetUp(site, destination, path, scope: "leads:write");
        var oauth = changed.GetProperty("oauth");
        Assert.Equal(
            ("the-client", "leads:write", JsonValueKind.Null, "client_secret_basic"),
            (oauth.GetProperty("client_id").GetString(), oauth.GetProperty("scope").GetString(),
                oauth.GetProperty("audience").ValueKind, oauth.GetProperty("client_auth").GetString()));
        await InForce(site, destination);
        for (var i = 0; i < 5; i++)
            await site.PostLead();
        var requests = await _router.Receiver.Wait(destination.Path, 6);
        await site.Delivery(destination, "delivered");
        Assert.All(requests.Where(one => one.Headers.ContainsKey("Authorization")), one =>
        {
            Assert.Equal($"Bearer {Token}", one.Headers["Authorization"]);
            Assert.True(one.IsSignedWith(destination.Secret));
        });
        Assert.DoesNotContain(_router.Receiver.At(other.Path), one => one.Headers.ContainsKey("Authorization"));
        var asked = Assert.Single(Asked(path));
        Assert.Equal("grant_type=client_credentials&scope=leads%3Awrite", Encoding.UTF8.GetString(asked.Body));
        Assert.Equal(
            $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"the-client:{Secret}"))}", asked.Headers["Authorization"]);

        // A test lead, too; and neither secret nor token is anywhere to be seen.
        using var test = await _router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/destinations/{destination.Id}/checks", new { });
        Assert.True(test.IsSuccessStatusCode);
        await Eventually.True(
            () => _router.Receiver.At(destination.Path)[^1] is { Json: var lead } last && lead.TryGetProperty("test", out _)
                && last.Headers.GetValueOrDefault("Authorization") == $"Bearer {Token}",
            "the test lead carries the token");
        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        var delivery = (await site.Delivery(destination, "delivered")).GetProperty("event_id");
        foreach (var page in new[]
        {
            "", "/changes", $"/destinations/{destination.Id}", $"/destinations/{destination.Id}/headers",
            $"/destinations/{destination.Id}/access-tokens", $"/destinations/{destination.Id}/developer",
            $"/deliveries/{delivery}/{destination.Id}",
        })
            AssertHidden(await owner.Http.GetStringAsync($"/sites/{site.Id}{page}"));
        Assert.Contains(
            "Authorization: Bearer &#x2022;",
            await owner.Http.GetStringAsync($"/sites/{site.Id}/deliveries/{delivery}/{destination.Id}"), StringComparison.Ordinal);
        AssertHidden(await _router.Admin.GetStringAsync($"/api/sites/{site.Id}/destinations"));
        AssertHidden(_router.Output);
        Assert.False(await _router.Query<bool>(
            "select exists (select from destinations d where d::text like '%' || @Secret || '%' or d::text like '%' || @Token || '%') "
            + "or exists (select from audit_log where changes::text like '%' || @Secret || '%')", new { Secret, Token }));
    }

    [Fact]
    public async Task Token_ThatTheReceiverRefuses_IsRenewedInTheSameAttempt()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("renewing");
        var path = TokenPath(site);
        var number = 0;
        _router.Receiver.Answer(path, (context, _) => Give(context, $"t{Interlocked.Increment(ref number)}"));
        _router.Receiver.Answer(destination.Path, (context, request) =>
        {
            context.Response.StatusCode = request.Headers.GetValueOrDefault("Authorization") == "Bearer t1" ? 401 : 200;
            return Task.CompletedTask;
        });
        await SetUp(site, destination, path);
        await InForce(site, destination);
        await site.Delivery(destination, "delivered");
        var renewed = await Eventually.Get(
            async () => (await site.Deliveries()).GetProperty("items").EnumerateArray()
                .FirstOrDefault(one => one.GetProperty("destination_id").GetGuid() == destination.Id
                    && _router.Receiver.At(destination.Path).Any(request => request.MessageId == one.GetProperty("event_id").GetString()
                        && request.Headers.GetValueOrDefault("Authorization") == "Bearer t1")),
            one => one.ValueKind is JsonValueKind.Object && one.GetProperty("state").GetString() == "delivered", "it was delivered");
        var whole = await _router.Admin.GetFromJsonAsync<JsonElement>(
            $"/api/sites/{site.Id}/deliveries/{renewed.GetProperty("event_id")}/{destination.Id}");
        var attempt = Assert.Single(whole.GetProperty("attempts").EnumerateArray());
        Assert.Equal((200, 2), (attempt.GetProperty("status").GetInt32(), attempt.GetProperty("requests").GetInt32()));

        // Refused each time: one new token and one more request for each attempt, and the 401 counts.
        _router.Receiver.Answer(destination.Path, 401);
        var lead = await site.PostLead();
        var dead = await site.Delivery(destination, "dead");
        var attempts = dead.GetProperty("attempts").EnumerateArray().ToList();
        Assert.Equal(4, attempts.Count);
        Assert.All(attempts, one =>
            Assert.Equal((401, 2), (one.GetProperty("status").GetInt32(), one.GetProperty("requests").GetInt32())));
        Assert.Equal(8, _router.Receiver.At(destination.Path).Count(one => one.Json.GetProperty("id").GetString() == lead));
    }

    [Fact]
    public async Task Secret_ThatIsWrong_IsToldWithoutLeakingAndNoLeadIsLost()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("wrong");
        var path = TokenPath(site);
        _router.Receiver.Answer(path, async (context, _) =>
        {
            context.Response.StatusCode = 401;
            await context.Response.WriteAsync($$"""{"error":"invalid_client","error_description":"{{Secret}} is wrong"}""");
        });
        await SetUp(site, destination, path);
        await Eventually.True(
            async () =>
            {
                await site.PostLead();
                return Asked(path).Any();
            },
            "the client is in force");
        var dead = await site.Delivery(destination, "dead");
        Assert.Equal("token_endpoint_401", dead.GetProperty("last_error").GetString());
        Assert.Equal(4, dead.GetProperty("attempts").GetArrayLength());
        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        var page = await owner.Http.GetStringAsync(
            $"/sites/{site.Id}/deliveries/{dead.GetProperty("event_id")}/{destination.Id}");
        Assert.Contains("token endpoint answered 401", page, StringComparison.Ordinal);
        Assert.Contains("invalid_client", page, StringComparison.Ordinal);
        Assert.Contains("Check the client ID", page, StringComparison.Ordinal);
        AssertHidden(page);
        AssertHidden(_router.Output);

        _router.Receiver.Answer(path, (context, _) => Give(context, Token));
        var id = dead.GetProperty("event_id");
        using var replayed = await _router.Admin.PostAsync($"/api/sites/{site.Id}/deliveries/{id}/{destination.Id}/retry", content: null);
        Assert.True(replayed.IsSuccessStatusCode);
        await Eventually.True(
            () => _router.Receiver.At(destination.Path).Any(one => one.MessageId == id.GetString()
                && one.Headers.GetValueOrDefault("Authorization") == $"Bearer {Token}"),
            "the lead arrives after all");
    }

    [Fact]
    public async Task TokenEndpoint_AtAForbiddenAddress_IsNeverAsked()
    {
        // The API lets it in, as a database from before the guard might hold it; the worker doesn't.
        await using var router = await RouterFixture.Start(shared.Servers, workers: 0, ("Network:Allow", "127.0.0.0/8"));
        router.Settings["Network:Allow"] = "127.0.0.2";
        await router.Host("Router.Worker").Ready();
        await using var outside = await Receiver.Start(address: "127.0.0.2");
        var site = await router.CreateSite();
        var destination = await site.AddDestination("guarded", url: new Uri(outside.Url, "/guarded").AbsoluteUri);
        await site.Patch(destination, new
        {
            oauth = new
            {
                token_url = $"https://127.0.0.1:{router.Receiver.Url.Port}/token", client_id = "the-client", client_secret = Secret,
            },
        });
        await site.PostLead();
        var dead = await site.Delivery(destination, "dead");
        Assert.Equal("token_endpoint_address_not_allowed", dead.GetProperty("last_error").GetString());
        Assert.Empty(router.Receiver.All);
        Assert.Empty(outside.All);
    }

    [Fact]
    public async Task Settings_ThatCannotBe_AreRefusedAndNothingIsChanged()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("strict");
        var path = $"/api/sites/{site.Id}/destinations/{destination.Id}";
        var url = new Uri(_router.Receiver.Url, "/token").AbsoluteUri;
        foreach (var (oauth, field) in new (object, string)[]
        {
            (new { token_url = url, client_id = "c" }, "oauth.client_secret"),
            (new { token_url = url, client_secret = Secret }, "oauth.client_id"),
            (new { client_id = "c", client_secret = Secret }, "oauth.token_url"),
            (new { token_url = "https://10.0.0.1/token", client_id = "c", client_secret = Secret }, "oauth.token_url"),
            (new { token_url = url, client_id = "c", client_secret = Secret, client_auth = "private_key_jwt" }, "oauth.client_auth"),
            (new { token_url = url, client_id = "c", client_secret = new string('s', 501) }, "oauth.client_secret"),
            (new { token_url = url, client_id = "c", client_secret = Secret, scope = "a\nb" }, "oauth.scope"),
        })
        {
            using var refused = await _router.Admin.PatchAsJsonAsync(path, new { oauth });
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
            var text = await refused.Content.ReadAsStringAsync();
            Assert.True(JsonSerializer.Deserialize<JsonElement>(text).GetProperty("errors").TryGetProperty(field, out _), text);
            AssertHidden(text);
        }

        Assert.Equal(JsonValueKind.Null, (await _router.Admin.GetFromJsonAsync<JsonElement>(path)).GetProperty("oauth").ValueKind);

        // One thing at a time in the Authorization header.
        await site.Patch(destination, new { headers = new Dictionary<string, string?> { ["authorization"] = "Bearer own" } });
        var client = new { token_url = url, client_id = "c", client_secret = Secret };
        await Conflict(path, new { oauth = client }, "take the other one away first");
        await site.Patch(destination, new { oauth = client, headers = new Dictionary<string, string?> { ["Authorization"] = null } });
        await Conflict(path, new { headers = new Dictionary<string, string?> { ["Authorization"] = "x" } }, "not both");

        // Whoever may change an address learns nothing by it; what is stored goes on at the same server.
        await Conflict(path, new { url = "https://elsewhere.test/leads" }, "access tokens must not go there");
        await Conflict(
            path, new { url = "https://elsewhere.test/leads", oauth = new { token_url = url, client_id = "d" } }, "access tokens");
        using (var elsewhere = await _router.Admin.PatchAsJsonAsync(
            path, new { oauth = new { token_url = "https://elsewhere.test/token", client_id = "c" } }))
            Assert.Equal(HttpStatusCode.UnprocessableEntity, elsewhere.StatusCode);
        var changed = await site.Patch(
            destination, new { oauth = new { token_url = $"{url}?v=2", client_id = "d", client_auth = "client_secret_post" } });
        Assert.Equal("client_secret_post", changed.GetProperty("oauth").GetProperty("client_auth").GetString());
        changed = await site.Patch(destination, new { url = "https://elsewhere.test/leads", oauth = new { } });
        Assert.Equal(JsonValueKind.Null, changed.GetProperty("oauth").ValueKind);

        using var created = await _router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/destinations", new
        {
            name = "new", url = "https://new.test", secret = "a long enough secret", active = false, oauth = client,
        });
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
    }

    [Fact]
    public async Task Tokens_OnTheirPage_AreSetUpChangedAndTakenAway()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("crm");
        var token = TokenPath(site);
        _router.Receiver.Answer(token, (context, _) => Give(context, Token));
        await _router.Query<int>(
            "update destinations set proven_at = now(), settings_changed_at = '2020-01-01' where id = @Id", new { destination.Id });
        var (_, link) = await PageClient.Invite(_router, "owner", site.Id);
        using var browser = new Browserless(_router.Api.Url);
        await browser.Submit(await browser.Get(link), "Save and sign in", ("password", PageClient.Password));
        var path = $"/sites/{site.Id}/destinations/{destination.Id}/access-tokens";
        var wrong = await browser.Submit(
            await browser.Get(path), "Save", ("oauth.token_url", "http://10.0.0.1/token"), ("oauth.client_id", "the-client"),
            ("oauth.client_secret", Secret));
        Assert.Equal(422, wrong.Status);
        Assert.Contains("The token URL must", wrong.Error("oauth.token_url"), StringComparison.Ordinal);
        AssertHidden(wrong.Html);
        var saved = await browser.Submit(
            wrong, "Save", ("oauth.token_url", new Uri(_router.Receiver.Url, token).AbsoluteUri), ("oauth.client_secret", Secret));
        Assert.Contains("Each request carries an access token from now on", saved.Text, StringComparison.Ordinal);
        Assert.Contains("for the client the-client", saved.Text, StringComparison.Ordinal);
        var both = await browser.Submit(saved, "Save the token", ("token", "t-1"));
        Assert.Equal(409, both.Status);
        Assert.Contains("not both: take the other one away first", both.Text, StringComparison.Ordinal);
        // Other settings: what was proven isn't any more.
        Assert.True(await _router.Query<bool>(
            "select proven_at is null and settings_changed_at > '2020-01-01' from destinations where id = @Id", new { destination.Id }));
        await InForce(site, destination);

        saved = await browser.Submit(await browser.Get(path), "Save", ("oauth.scope", "a b"), ("oauth.client_auth", "client_secret_post"));
        await Eventually.True(
            async () =>
            {
                await site.PostLead();
                return Asked(token).Any(one =>
                    Encoding.UTF8.GetString(one.Body) ==
                    $"grant_type=client_credentials&scope=a+b&client_id=the-client&client_secret={Secret}");
            },
            "the stored secret goes on, in the body");
        saved = await browser.Submit(await browser.Get(path), "Take it away");
        Assert.Contains("Requests carry no access token any more", saved.Text, StringComparison.Ordinal);
        var changes = (await browser.Get($"/sites/{site.Id}/changes")).Text;
        Assert.Contains("client secret for access tokens", changes, StringComparison.Ordinal);
    }

    private async Task Conflict(string path, object change, string sentence)
    {
        using var refused = await _router.Admin.PatchAsJsonAsync(path, change);
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.Contains(sentence, await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private Task<JsonElement> SetUp(TestSite site, TestDestination destination, string path, string? scope = null) =>
        site.Patch(destination, new
        {
            oauth = new
            {
                token_url = new Uri(_router.Receiver.Url, path).AbsoluteUri, client_id = "the-client", client_secret = Secret, scope,
            },
        });

    /// <summary>Sends leads until one comes with a token.</summary>
    private Task InForce(TestSite site, TestDestination destination) => Eventually.True(
        async () =>
        {
            await site.PostLead();
            return _router.Receiver.At(destination.Path).Any(one => one.Headers.ContainsKey("Authorization"));
        },
        "tokens are in force");

    private IEnumerable<Received> Asked(string path) => _router.Receiver.All.Where(one => one.Path == path);

    private static string TokenPath(TestSite site) => $"/token-{site.Id:N}";

    private static Task Give(HttpContext context, string token) =>
        context.Response.WriteAsJsonAsync(new { access_token = token, token_type = "Bearer", expires_in = 3600 });

    private static void AssertHidden(string text)
    {
        Assert.DoesNotContain(Secret, text, StringComparison.Ordinal);
        Assert.DoesNotContain(Token, text, StringComparison.Ordinal);
    }
}
