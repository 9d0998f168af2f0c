using System.Net.Http.Json;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Signing in at a real OpenID Connect provider: whom it lets in and where to.</summary>
[Collection(typeof(SignInsAtAProvider))]
public sealed class ProviderSignInTests(ProviderRouter shared)
{
    private const string Jwt = @"eyJ[\w-]+\.eyJ[\w-]+\.";

    private readonly RouterFixture _router = shared.Router;
    private readonly OpenIdProvider _provider = shared.Provider;

    [Fact]
    public async Task InvitedPerson_WithAVerifiedAddress_IsSignedInAndUsesUpTheLink()
    {
        var site = await _router.CreateSite();
        var (name, email) = await shared.Person(verified: true);
        var link = await shared.Invite(email, site.Id);

        using var browser = shared.Browser();
        var page = await browser.SignIn(name);
        Assert.Equal($"/sites/{site.Id}", page.Path);
        Assert.Contains(email, page.Text, StringComparison.Ordinal);
        // Whoever has the link as well can't choose a password now.
        using var other = shared.Browser();
        Assert.Contains("used already", (await other.Get(link)).Text, StringComparison.Ordinal);
        Assert.Equal("oidc", await _router.Query<string>(
            "select how from sessions s join accounts a on a.id = s.account_id where a.email = @email", new { email }));
        var people = await _router.Admin.GetFromJsonAsync<JsonElement>($"/api/sites/{site.Id}/people");
        Assert.False(people.GetProperty("items")[0].GetProperty("is_invited").GetBoolean());
    }

    [Fact]
    public async Task UnknownPerson_IsRefused()
    {
        var (name, email) = await shared.Person(verified: true);
        using var browser = shared.Browser();
        var page = await browser.SignIn(name);
        Assert.Equal("/sign-in", page.Path);
        Assert.Contains("nobody has invited the e-mail address", page.Text, StringComparison.Ordinal);
        Assert.Equal(0, await _router.Query<long>("select count(*) from accounts where email = @email", new { email }));
        await browser.AssertSignedOut();
    }

    [Fact]
    public async Task Person_WithAnAddressThatIsNotVerified_IsRefusedAndGetsNobodysAccount()
    {
        var (name, email) = await shared.Person(verified: false);
        await shared.Invite(email);
        using var browser = shared.Browser();
        var page = await browser.SignIn(name);
        Assert.Contains("has not verified your e-mail address", page.Text, StringComparison.Ordinal);
        await browser.AssertSignedOut();

        // Once it is, the same person comes in.
        await _provider.Change(name, email, verified: true);
        using var again = shared.Browser();
        Assert.DoesNotContain("not signed in", (await again.SignIn(name)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Person_WithoutAnAddress_IsRefused()
    {
        var name = $"p{Guid.NewGuid():N}";
        await _provider.Add(name, email: null);
        using var browser = shared.Browser();
        Assert.Contains("does not tell us your e-mail address", (await browser.SignIn(name)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Address_ThatSomebodyElseHasThereNow_OpensNothing()
    {
        var (first, email) = await shared.Person(verified: true);
        await shared.Invite(email);
        using (var browser = shared.Browser())
            await browser.SignIn(first);

        // The first person has another address, and still their account; the address is another person's.
        await _provider.Change(first, $"new-{email}");
        var second = $"p{Guid.NewGuid():N}";
        await _provider.Add(second, email);
        using (var browser = shared.Browser())
            Assert.Contains("already connected to a different account", (await browser.SignIn(second)).Text, StringComparison.Ordinal);
        using (var browser = shared.Browser())
            Assert.Contains(email, (await browser.SignIn(first)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Subject_OfAnotherProvider_IsSomebodyElse()
    {
        var (name, email) = await shared.Person(verified: true);
        await shared.Invite(email);
        using (var browser = shared.Browser())
            await browser.SignIn(name);
        // As if that provider had called another person here by the same name.
        var (other, _) = await PageClient.Invite(_router, "owner");
        await _router.Query<int>(
            """
            update account_logins set issuer = 'https://elsewhere.test', account_id = (select id from accounts where email = @other)
            where account_id = (select id from accounts where email = @email) returning 1
            """, new { email, other });
        using var again = shared.Browser();
        var page = await again.SignIn(name);
        Assert.Contains(email, page.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(other, page.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SignOut_EndsTheSessionAtTheProviderToo()
    {
        var (name, email) = await shared.Person(verified: true);
        await shared.Invite(email);
        using var browser = shared.Browser();
        var page = await browser.SignIn(name);
        // The ID token is in a cookie for that page alone, and nobody can read it there.
        var kept = Assert.Single(
            browser.Cookies.GetCookies(new Uri(_router.Api.Url, "/sign-out")), cookie => cookie.Name == "lead_router_provider");
        Assert.DoesNotMatch(Jwt, kept.Value);
        Assert.True(kept.HttpOnly);
        Assert.DoesNotContain(browser.Cookies.GetCookies(_router.Api.Url), cookie => cookie.Name == kept.Name);
        page = await browser.Submit(page, "Sign out");
        Assert.Contains("You are signed out here", page.Text, StringComparison.Ordinal);
        var there = ProviderVisitor.Onward(page);
        Assert.EndsWith("/end_session", there.AbsolutePath, StringComparison.Ordinal);
        var asked = System.Web.HttpUtility.ParseQueryString(there.Query);
        Assert.Equal($"{_router.Api.Url.AbsoluteUri}sign-in", asked["post_logout_redirect_uri"]);
        Assert.Matches(Jwt, asked["id_token_hint"]);
        Assert.Contains("prompt=end_session", (await browser.Follow(there)).Url.Query, StringComparison.Ordinal);
        await browser.AssertSignedOut();
        // Once: whoever uses this browser next can't read the token.
        Assert.DoesNotContain(
            browser.Cookies.GetCookies(new Uri(_router.Api.Url, "/sign-out")), cookie => cookie.Name == "lead_router_provider");
    }

    [Theory]
    [InlineData("/operator?x=1", "/operator?x=1")]
    [InlineData("https://evil.test/", "/")]
    [InlineData("//evil.test", "/")]
    [InlineData("/\\evil.test", "/")]
    public async Task SignIn_GoesOnToOurOwnPagesOnly(string asked, string expected)
    {
        var (name, email) = await shared.Person(verified: true);
        await shared.Invite(email, role: "operator");
        using var browser = shared.Browser();
        var page = await browser.SignIn(name, $"/sign-in/with-provider?return={Uri.EscapeDataString(asked)}");
        Assert.Equal(new Uri(_router.Api.Url, expected), page.Url);
    }
}
