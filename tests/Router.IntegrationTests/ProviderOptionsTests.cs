using System.Net;
using System.Net.Http.Json;
using System.Web;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>A provider that is away, and what operators can choose about it.</summary>
public sealed class ProviderOptionsTests(ProviderRouter shared) : IClassFixture<ProviderRouter>
{
    [Fact]
    public async Task Router_WithoutItsProvider_StartsTakesLeadsAndSaysItAtTheDoor()
    {
        await using var provider = await OpenIdProvider.Start();
        await provider.Add("anna", "anna@realty.test");
        await provider.Stop();
        await using var router = await shared.StartRouter(provider.Issuer);
        await router.Admin.PostAsJsonAsync("/api/accounts", new { email = "anna@realty.test" });
        var site = await router.CreateSite();
        await site.PostLead();

        using var browser = new ProviderVisitor(router.Api.Url);
        Assert.Contains($"{ProviderRouter.Name} does not answer right now", (await browser.Get("/sign-in")).Text, StringComparison.Ordinal);
        var page = await browser.Get("/sign-in/with-provider?return=/account");
        Assert.Equal("/sign-in", page.Path);
        Assert.Contains("it does not answer", page.Text, StringComparison.Ordinal);
        // Passwords go on.
        page = await browser.Submit(
            page, "Sign in", ("email", RouterFixture.OperatorsEmail), ("password", RouterFixture.OperatorsPassword));
        Assert.Equal("/account", page.Path);

        await provider.Run();
        await provider.Trust(router.Api.Url);
        using var anna = new ProviderVisitor(router.Api.Url);
        await Eventually.True(
            async () => !(await anna.Get("/sign-in")).Text.Contains("does not answer", StringComparison.Ordinal),
            "the router sees the provider");
        var callback = await anna.Callback("anna");
        // It goes away once more, before the router has asked it who came.
        await provider.Stop();
        Assert.Contains("it does not answer", (await anna.Follow(callback)).Text, StringComparison.Ordinal);
        await provider.Run();
        Assert.Contains("anna@realty.test", (await anna.SignIn("anna")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Person_WithAClaim_GetsAnAccountWhereClaimsMakeThem()
    {
        await using var router = await shared.StartRouter(
            shared.Provider.Issuer, ("OpenIdConnect:CreateAccounts", "claim"), ("OpenIdConnect:OperatorsIf", "groups=router-operators"),
            ("OpenIdConnect:PasswordSignIn", "operators"), ("Alerts:PagesUrl", "https://leads.realty.test/"));
        using (var outside = new ProviderVisitor(router.Api.Url))
        {
            Assert.Equal(
                "https://leads.realty.test/sign-in/from-provider",
                HttpUtility.ParseQueryString((await outside.Leave()).Query)["redirect_uri"]);
        }

        // Owners come by the provider alone, operators with a password as well.
        using var owner = await PasswordOf(router, "owner");
        Assert.Equal(HttpStatusCode.Unauthorized, owner.StatusCode);
        using var client = new PageClient(router);
        using var signedIn = await client.SignIn(RouterFixture.OperatorsEmail, RouterFixture.OperatorsPassword);
        Assert.Equal(HttpStatusCode.Redirect, signedIn.StatusCode);
    }

    [Fact]
    public async Task Claims_MakeAccounts_OnlyOfThoseWhoGetSomethingByThem()
    {
        await using var router = await shared.StartRouter(
            shared.Provider.Issuer, ("OpenIdConnect:CreateAccounts", "claim"), ("OpenIdConnect:OperatorsIf", "groups=router-operators"));
        await shared.Provider.Trust(shared.Router.Api.Url, router.Api.Url);
        var (chief, clerk) = ($"p{Guid.NewGuid():N}", $"p{Guid.NewGuid():N}");
        await shared.Provider.Add(chief, $"{chief}@realty.test", groups: ["router-operators"]);
        await shared.Provider.Add(clerk, $"{clerk}@realty.test", groups: ["staff"]);
        using var first = new ProviderVisitor(router.Api.Url);
        await first.SignIn(chief);
        Assert.Equal(200, (await first.Get("/operator")).Status);
        using var second = new ProviderVisitor(router.Api.Url);
        Assert.Contains("nobody has invited", (await second.SignIn(clerk)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Router_WithoutPasswords_HasNoFieldForOneAndAsksForASecondFactorThere()
    {
        await using var router = await shared.StartRouter(
            shared.Provider.Issuer, ("OpenIdConnect:PasswordSignIn", "off"), ("OpenIdConnect:RequiredAmr", "mfa otp"),
            ("OpenIdConnect:AcrValues", "two-factors"));
        await shared.Provider.Trust(shared.Router.Api.Url, router.Api.Url);
        var name = $"p{Guid.NewGuid():N}";
        await shared.Provider.Add(name, $"{name}@realty.test");
        using var response = await router.Admin.PostAsJsonAsync("/api/accounts", new { email = $"{name}@realty.test" });
        var link = (await response.Content.ReadFromJsonAsync<System.Text.Json.JsonElement>()).GetProperty("path").GetString()!;

        using var browser = new ProviderVisitor(router.Api.Url);
        Assert.DoesNotContain("type=\"password\"", (await browser.Get("/sign-in")).Html, StringComparison.Ordinal);
        var invitation = await browser.Get(link);
        Assert.DoesNotContain("type=\"password\"", invitation.Html, StringComparison.Ordinal);
        Assert.Contains($"Sign in with {ProviderRouter.Name}", invitation.Text, StringComparison.Ordinal);
        using var client = new PageClient(router);
        using var refused = await client.Submit(
            "/sign-in", ("email", RouterFixture.OperatorsEmail), ("password", RouterFixture.OperatorsPassword));
        Assert.False(refused.StatusCode == HttpStatusCode.Redirect, "a password opened it");

        Assert.Equal("two-factors", HttpUtility.ParseQueryString((await browser.Leave()).Query)["acr_values"]);
        Assert.Contains("let you in without one", (await browser.SignIn(name)).Text, StringComparison.Ordinal);
        Assert.Equal("/sign-in", (await browser.Get("/account")).Path);
    }

    [Fact]
    public async Task Owner_WithAPasswordOfBefore_ConfirmsNothingWithItWherePasswordsAreOff()
    {
        await using var router = await shared.StartRouter(shared.Provider.Issuer, ("OpenIdConnect:PasswordSignIn", "operators"));
        await shared.Provider.Trust(shared.Router.Api.Url, router.Api.Url);
        var email = $"p{Guid.NewGuid():N}@realty.test";
        await shared.Provider.Add(email.Split('@')[0], email);
        using var invited = await router.Admin.PostAsJsonAsync("/api/accounts", new { email });
        using var browser = new ProviderVisitor(router.Api.Url);
        await browser.SignIn(email.Split('@')[0]);
        await router.Query<int>(
            """
            with old as (
                update accounts set password_hash = (select password_hash from accounts where email = @operator) where email = @email
                returning id
            )
            update sessions set confirmed_at = now() - interval '11 minutes' where account_id = (select id from old) returning 1
            """, new { email, @operator = RouterFixture.OperatorsEmail });

        var asked = await browser.Submit(await browser.Get("/account/tokens"), "Make a token", ("name", "t"));
        Assert.Equal("/confirm", asked.Path);
        Assert.Contains($"Confirm with {ProviderRouter.Name}", asked.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("confirm_password", asked.Html, StringComparison.Ordinal);
        // Whoever sends it all the same is not confirmed.
        await browser.Submit(
            await browser.Get("/confirm?return=/account/tokens"), "Sign out", action: "/confirm",
            ("confirm_password", RouterFixture.OperatorsPassword));
        Assert.Equal(
            "/confirm", (await browser.Submit(await browser.Get("/account/tokens"), "Make a token", ("name", "t"))).Path);
        Assert.Equal(0, await router.Query<long>(
            "select count(*) from api_tokens t join accounts a on a.id = t.account_id where a.email = @email", new { email }));
    }

    private static async Task<HttpResponseMessage> PasswordOf(RouterFixture router, string role)
    {
        using var client = new PageClient(router);
        var (email, _) = await PageClient.Invite(router, role);
        // As one that was chosen before passwords were switched off.
        await router.Query<int?>(
            """
            update accounts set password_hash = (select password_hash from accounts where email = @operator) where email = @email
            returning 1
            """,
            new { email, @operator = RouterFixture.OperatorsEmail });
        return await client.SignIn(email, RouterFixture.OperatorsPassword);
    }
}
