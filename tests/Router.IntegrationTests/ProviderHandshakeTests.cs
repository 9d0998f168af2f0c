using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using System.Web;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>What could go wrong between the router, the browser and the provider, and what somebody in between could try.</summary>
public sealed class ProviderHandshakeTests(ProviderRouter shared) : IClassFixture<ProviderRouter>
{
    private const string Failed = "was not for this browser, came twice, or was too old";

    private readonly RouterFixture _router = shared.Router;
    private readonly OpenIdProvider _provider = shared.Provider;

    /// <summary>What is changed in an ID token; signed with the provider's own key, or another.</summary>
    public static TheoryData<string> Tamperings => new(["nothing", "nonce", "no nonce", "audience", "issuer", "expired", "other key"]);

    [Fact]
    public async Task Request_ToTheProvider_HasPkceStateAndNonce()
    {
        using var browser = new ProviderVisitor(_router.Api.Url);
        var asked = HttpUtility.ParseQueryString((await browser.Leave()).Query);
        Assert.Equal(("code", "S256", (string?)null), (asked["response_type"], asked["code_challenge_method"], asked["response_mode"]));
        Assert.All(new[] { "state", "nonce", "code_challenge" }, name => Assert.True(asked[name]!.Length > 30, name));
        Assert.Equal($"{_router.Api.Url.AbsoluteUri}sign-in/from-provider", asked["redirect_uri"]);
        Assert.Null(asked["prompt"]);

        // Who has to show once more who they are is asked there once more, too.
        asked = HttpUtility.ParseQueryString((await browser.Leave("/sign-in/with-provider?confirm=true")).Query);
        Assert.Equal(("login", "1"), (asked["prompt"], asked["max_age"]));
    }

    [Fact]
    public async Task Callback_WithAnotherState_IsRefused()
    {
        using var browser = new ProviderVisitor(_router.Api.Url);
        var callback = await browser.Callback(await Invited());
        var fields = HttpUtility.ParseQueryString(callback.Query);
        using var other = new ProviderVisitor(_router.Api.Url);
        foreach (var state in new[] { $"{fields["state"]}x", "", HttpUtility.ParseQueryString((await other.Leave()).Query)["state"] })
        {
            var page = await browser.Get($"/sign-in/from-provider?code={fields["code"]}&state={Uri.EscapeDataString(state!)}");
            Assert.Contains(Failed, page.Text, StringComparison.Ordinal);
        }

        await AssertSignedOut(browser);
    }

    /// <summary>What the provider says comes in the address: a form, of whatever size, isn't even read.</summary>
    [Fact]
    public async Task Callback_AsAForm_IsNoAnswerOfTheProviders()
    {
        using var browser = new ProviderVisitor(_router.Api.Url);
        var callback = await browser.Callback(await Invited());
        var fields = HttpUtility.ParseQueryString(callback.Query);
        var page = await browser.Post(
            new Uri(callback, callback.AbsolutePath), [.. fields.AllKeys.Select(key => (key!, fields[key]!))]);
        Assert.Contains(Failed, page.Text, StringComparison.Ordinal);
        await AssertSignedOut(browser);
    }

    [Fact]
    public async Task Callback_InAnotherBrowser_IsRefused()
    {
        using var browser = new ProviderVisitor(_router.Api.Url);
        var callback = await browser.Callback(await Invited());
        using var victim = new ProviderVisitor(_router.Api.Url);
        Assert.Contains(Failed, (await victim.Follow(callback)).Text, StringComparison.Ordinal);
        await AssertSignedOut(victim);
    }

    [Fact]
    public async Task Callback_ThatComesTwice_IsRefusedTheSecondTime()
    {
        using var browser = new ProviderVisitor(_router.Api.Url);
        var callback = await browser.Callback(await Invited());
        // A thief has all that the browser had at that moment.
        using var thief = new ProviderVisitor(_router.Api.Url);
        thief.Cookies.Add(browser.Cookies.GetCookies(callback));
        Assert.NotEqual("/sign-in", (await browser.Follow(callback)).Path);
        await AssertSignedIn(browser);
        Assert.Contains(Failed, (await thief.Follow(callback)).Text, StringComparison.Ordinal);
        await AssertSignedOut(thief);
    }

    [Theory]
    [MemberData(nameof(Tamperings))]
    public async Task Token_ThatWasChangedOnItsWay_IsRefused(string tampering)
    {
        await using var between = await TamperingProvider.Start(_provider);
        await using var router = await shared.StartRouter(between.Issuer);
        await _provider.Trust(_router.Api.Url, router.Api.Url);
        using var stranger = RSA.Create(2048);
        Action<JsonObject> change = tampering switch
        {
            "nonce" => claims => claims["nonce"] = "another",
            "no nonce" => claims => claims.Remove("nonce"),
            "audience" => claims => claims["aud"] = "another client",
            "issuer" => claims => claims["iss"] = "https://elsewhere.test",
            "expired" => claims => (claims["iat"], claims["exp"]) = (1_700_000_000, 1_700_000_600),
            _ => _ => { },
        };
        (between.Change, between.Key) = (change, tampering == "other key" ? stranger : null);

        var name = await Invited(router);
        using var browser = new ProviderVisitor(router.Api.Url);
        var page = await browser.SignIn(name);
        // It is only the change that it is refused for.
        if (tampering == "nothing")
        {
            await AssertSignedIn(browser);
            return;
        }

        Assert.Contains(Failed, page.Text, StringComparison.Ordinal);
        await AssertSignedOut(browser);
    }

    [Fact]
    public async Task Confirmation_NeedsAProviderThatHasJustAsked()
    {
        await using var between = await TamperingProvider.Start(_provider);
        await using var router = await shared.StartRouter(between.Issuer);
        await _provider.Trust(_router.Api.Url, router.Api.Url);
        var name = await Invited(router);
        between.Change = claims => claims["auth_time"] = claims["iat"]!.GetValue<long>() - 3600;
        using var browser = new ProviderVisitor(router.Api.Url);
        Assert.Contains(
            "did not ask you to sign in again", (await browser.SignIn(name, "/sign-in/with-provider?confirm=true")).Text,
            StringComparison.Ordinal);
        await AssertSignedOut(browser);

        // It is enough to come in, and counts from when the provider has asked.
        await browser.SignIn(name);
        await AssertSignedIn(browser);
        const string confirmed = "select count(*) from sessions where confirmed_at > now() - interval '5 minutes' and ended_at is null";
        Assert.Equal(0, await router.Query<long>(confirmed));
        // Nor does a provider confirm anything that doesn't say when it has asked.
        between.Change = claims => claims.Remove("auth_time");
        await browser.SignIn(name);
        await browser.SignIn(name, "/sign-in/with-provider?confirm=true");
        Assert.Equal(0, await router.Query<long>(confirmed));
        between.Change = claims => claims["auth_time"] = claims["iat"]!.GetValue<long>();
        await browser.SignIn(name, "/sign-in/with-provider?confirm=true");
        Assert.Equal(1, await router.Query<long>(confirmed));
    }

    [Fact]
    public async Task Person_WhoDeclinesThere_IsToldSo()
    {
        using var browser = new ProviderVisitor(_router.Api.Url);
        var state = HttpUtility.ParseQueryString((await browser.Leave()).Query)["state"]!;
        var page = await browser.Get($"/sign-in/from-provider?error=access_denied&state={Uri.EscapeDataString(state)}");
        Assert.Contains("says that you or your company declined", page.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cookies_BehindAProxy_AreSecureAndTheWayBackIsThePublicOne()
    {
        using var http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_router.Api.Url, "/sign-in/with-provider"))
        {
            Headers = { Host = "leads.realty.test" },
        };
        request.Headers.Add("X-Forwarded-Proto", "https");
        using var response = await http.SendAsync(request);
        Assert.Equal(
            "https://leads.realty.test/sign-in/from-provider",
            HttpUtility.ParseQueryString(response.Headers.Location!.Query)["redirect_uri"]);
        var cookies = response.Headers.GetValues("Set-Cookie").ToList();
        Assert.Equal(2, cookies.Count);
        Assert.All(cookies, cookie =>
        {
            Assert.StartsWith("lead_router_", cookie, StringComparison.Ordinal);
            Assert.Contains("; secure", cookie, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("; httponly", cookie, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("; samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
        });
    }

    [Fact]
    public async Task OutputAndDatabase_OfARouterWithAProvider_HoldNoSecretCodeOrToken()
    {
        using var browser = new ProviderVisitor(_router.Api.Url);
        var callback = await browser.Callback(await Invited());
        await browser.Follow(callback);
        await browser.Follow(callback);
        Assert.DoesNotContain(OpenIdProvider.ClientSecret, _router.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(HttpUtility.ParseQueryString(callback.Query)["code"]!, _router.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("eyJ", _router.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("@realty.test", _router.Output, StringComparison.Ordinal);

        var (exitCode, dump) = await PrivateServers.Run("pg_dump", "--inserts", "-d", _router.Database);
        Assert.True(exitCode == 0, dump);
        Assert.Contains("INSERT INTO public.account_logins", dump, StringComparison.Ordinal);
        Assert.DoesNotContain(OpenIdProvider.ClientSecret, dump, StringComparison.Ordinal);
        Assert.DoesNotContain(HttpUtility.ParseQueryString(callback.Query)["code"]!, dump, StringComparison.Ordinal);
        // As a token begins, in three parts.
        Assert.DoesNotMatch(@"eyJ[\w-]+\.", dump);
    }

    private async Task<string> Invited(RouterFixture? router = null)
    {
        var name = $"p{Guid.NewGuid():N}";
        await _provider.Add(name, $"{name}@realty.test");
        using var response = await (router ?? _router).Admin.PostAsJsonAsync("/api/accounts", new { email = $"{name}@realty.test" });
        Assert.True(response.IsSuccessStatusCode);
        return name;
    }

    private static async Task AssertSignedIn(ProviderVisitor browser) => Assert.Equal("/account", (await browser.Get("/account")).Path);

    private static async Task AssertSignedOut(ProviderVisitor browser) => Assert.Equal("/sign-in", (await browser.Get("/account")).Path);
}
