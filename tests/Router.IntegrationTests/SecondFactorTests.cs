using System.Net;
using Dapper;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Second factors: setting one up, the second step of signing in, and what doesn't go past it.</summary>
public sealed class SecondFactorTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private const string StepPath = "/sign-in/second-step";

    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task App_SetUp_CountsOnceACodeOfItWasEntered()
    {
        var site = await _router.CreateSite();
        var (email, browser) = await _router.Owner(site.Id);
        using var elsewhere = new Browserless(_router.Api.Url);
        await elsewhere.SignIn(email, PageClient.Password);

        var setup = await browser.Get(AuthenticatorApp.SetupPath);
        var app = AuthenticatorApp.Scan(setup);
        Assert.Contains("<svg", setup.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("style=", setup.Html, StringComparison.Ordinal);
        var wrong = await browser.Submit(setup, "Confirm", ("code", "12345"));
        Assert.Equal(422, wrong.Status);
        Assert.NotEqual("", wrong.Error("code"));
        // What was scanned is still good.
        Assert.Equal(app.Secret, AuthenticatorApp.Scan(wrong).Secret);
        Assert.Equal(0, await _router.Query<long>(
            "select count(*) from authenticator_apps p join accounts a on a.id = p.account_id where a.email = @email", new { email }));
        Assert.Equal(200, (await elsewhere.Get("/account")).Status);
        Assert.Equal("/account", (await elsewhere.Get("/account")).Path);

        var done = await browser.Submit(wrong, "Confirm", ("code", $" {app.Code()[..3]} {app.Code()[3..]} "));
        Assert.Equal((200, "/account/second-factor"), (done.Status, done.Path));
        Assert.Equal(10, done.Secret.Split('\n').Distinct(StringComparer.Ordinal).Count());
        Assert.Equal("", (await browser.Get(done.Path)).Secret);
        Assert.Contains("10 codes are left", (await browser.Get(done.Path)).Text, StringComparison.Ordinal);
        // Whoever was signed in without it isn't any more.
        Assert.Equal("/sign-in", (await elsewhere.Get("/account")).Path);
        browser.Dispose();
    }

    [Fact]
    public async Task App_OfTheSetUpPageOfSomebodyElse_IsNotSetUp()
    {
        var (_, theirs) = await _router.Owner();
        var (email, mine) = await _router.Owner();
        using (theirs)
        using (mine)
        {
            var shown = await theirs.Get(AuthenticatorApp.SetupPath);
            var refused = await mine.Submit(
                await mine.Get(AuthenticatorApp.SetupPath), "Confirm", ("state", shown.Field("state")!),
                ("code", AuthenticatorApp.Scan(shown).Code()));
            Assert.Equal(409, refused.Status);
        }

        Assert.Equal(0, await _router.Query<long>(
            "select count(*) from authenticator_apps where account_id = @Id", new { Id = await _router.AccountOf(email) }));
    }

    [Fact]
    public async Task SignIn_WithAnApp_AsksForItsCodeAndGoesOnWhereItWasGoing()
    {
        var site = await _router.CreateSite();
        var (email, app, _) = await _router.OwnerWithApp(site.Id);
        using var browser = new Browserless(_router.Api.Url);
        var target = $"/sites/{site.Id}/leads?q=jane";
        var asked = await browser.Get(target);
        Assert.Equal("/sign-in", asked.Path);
        var step = await browser.Submit(asked, "Sign in", ("email", email), ("password", PageClient.Password));
        Assert.Equal((200, StepPath), (step.Status, step.Path));
        Assert.DoesNotContain("Sign out", step.Text, StringComparison.Ordinal);

        var wrong = await browser.Submit(step, "Sign in", ("code", app.Code(steps: 3)));
        Assert.Equal(401, wrong.Status);
        await _router.LetCodesCountAgain(email);
        var signedIn = await browser.Submit(wrong, "Sign in", ("code", app.Code()));
        Assert.Equal((200, target), (signedIn.Status, signedIn.Url.PathAndQuery));
        // The step is over.
        Assert.Equal("/", (await browser.Get(StepPath)).Path.Replace($"/sites/{site.Id}", "/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task SecretOfAnApp_PutIntoAnotherAccountsRow_MakesNoCodesForThatAccount()
    {
        var (mine, app, _) = await _router.OwnerWithApp();
        var (theirs, _, _) = await _router.OwnerWithApp();
        await using (var database = await _router.OpenDatabase())
        {
            Assert.Equal(1, await database.ExecuteAsync(
                """
                update authenticator_apps set secret = s.secret, last_step = 0
                from authenticator_apps s join accounts a on a.id = s.account_id
                where a.email = @mine and authenticator_apps.account_id = (select id from accounts where email = @theirs)
                """, new { mine, theirs }));
        }

        using var browser = new Browserless(_router.Api.Url);
        Assert.Equal(401, (await browser.SignInWithCode(theirs, app.Code())).Status);
    }

    [Fact]
    public async Task CookieBetweenTheSteps_IsGoodForNothingElse()
    {
        var site = await _router.CreateSite();
        var (email, app, codes) = await _router.OwnerWithApp(site.Id);
        using var client = new PageClient(_router);
        var answer = await client.SignIn(email, PageClient.Password);
        Assert.Equal(StepPath, answer.Headers.Location?.OriginalString);
        var cookie = Assert.Single(client.Cookies.GetAllCookies(), one => one.Name == "lead_router_second_step");
        Assert.True(cookie.HttpOnly);
        Assert.DoesNotContain(client.Cookies.GetAllCookies(), one => one.Name == "lead_router_session");
        // Everywhere, and as what it isn't.
        foreach (var name in new[] { "lead_router_second_step", "lead_router_session" })
            client.Cookies.Add(new Cookie(name, cookie.Value, "/", _router.Api.Url.Host));
        foreach (var path in new[]
            { "/", "/account", "/account/second-factor", AuthenticatorApp.SetupPath, $"/sites/{site.Id}", "/operator" })
        {
            var page = await client.Http.GetAsync(path);
            Assert.True(page.StatusCode == HttpStatusCode.Redirect
                && page.Headers.Location!.OriginalString.StartsWith("/sign-in?", StringComparison.Ordinal), $"{path}: {page.StatusCode}");
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await client.Http.GetAsync($"/api/sites/{site.Id}")).StatusCode);
        // A password that was changed meanwhile was right once, and no more.
        await _router.LetCodesCountAgain(email);
        await _router.Execute("update accounts set stamp = gen_random_uuid() where email = @email", email);
        var late = await client.SubmitFrom(StepPath, $"{StepPath}?handler=Code", ("code", app.Code()));
        Assert.Equal("/sign-in", late.Headers.Location?.OriginalString);
        Assert.DoesNotContain(client.Cookies.GetAllCookies(), one => one.Name == "lead_router_session" && one.Value != cookie.Value);
        // Nor does it use up a recovery code.
        await client.Submit("/sign-in", ("email", email), ("password", PageClient.Password));
        await _router.Execute("update accounts set stamp = gen_random_uuid() where email = @email", email);
        await client.SubmitFrom(StepPath, $"{StepPath}?handler=Recovery", ("recovery_code", codes[0]));
        Assert.Equal(10, await _router.Query<int>(
            "select codes_left from recovery_codes where account_id = @Id", new { Id = await _router.AccountOf(email) }));
    }

    [Fact]
    public async Task SecondStep_WithoutTheFirst_LeadsBackToIt()
    {
        using var client = new PageClient(_router);
        Assert.Equal("/sign-in", (await client.Http.GetAsync(StepPath)).Headers.Location?.OriginalString);
        client.Cookies.Add(new Cookie("lead_router_second_step", "nonsense", "/sign-in", _router.Api.Url.Host));
        Assert.Equal("/sign-in", (await client.Http.GetAsync(StepPath)).Headers.Location?.OriginalString);
        foreach (var handler in new[] { "Code", "Recovery", "Passkey" })
        {
            var answer = await client.SubmitFrom("/sign-in", $"{StepPath}?handler={handler}", ("code", "123456"));
            Assert.Equal("/sign-in", answer.Headers.Location?.OriginalString);
        }
    }

    [Fact]
    public async Task LinkForALostPassword_DoesNotGoPastTheSecondFactor()
    {
        var (email, app, _) = await _router.OwnerWithApp();
        var account = await _router.AccountOf(email);
        var link = await Link(account);
        using var browser = new Browserless(_router.Api.Url);
        var step = await browser.Submit(await browser.Get(link), "Save and sign in", ("password", "quite another password"));
        Assert.Equal((200, StepPath), (step.Status, step.Path));
        Assert.Equal("/sign-in", (await browser.Get("/account")).Path);
        await _router.LetCodesCountAgain(email);
        Assert.Equal(200, (await browser.Submit(step, "Sign in", ("code", app.Code()))).Status);
        Assert.Equal("/account", (await browser.Get("/account")).Path);
    }

    [Fact]
    public async Task Factors_RemovedByTheirAccount_AreNotAskedForAndTheirCodesEnd()
    {
        var (email, browser) = await _router.Owner();
        await AuthenticatorApp.SetUp(browser);
        var removed = await browser.Submit(await browser.Get("/account/second-factor"), "Remove the app");
        Assert.Contains("The app is removed", removed.Text, StringComparison.Ordinal);
        Assert.Equal(0, await _router.Query<long>(
            "select count(*) from recovery_codes where account_id = @Id", new { Id = await _router.AccountOf(email) }));
        using var fresh = new Browserless(_router.Api.Url);
        Assert.NotEqual(StepPath, (await fresh.SignIn(email, PageClient.Password)).Path);
        browser.Dispose();
    }

    [Fact]
    public async Task Account_DisabledAndLetInAgain_HasNoneOfItsFactors()
    {
        var (email, _, _) = await _router.OwnerWithApp();
        var account = await _router.AccountOf(email);
        Assert.Equal(HttpStatusCode.NoContent, (await _router.Admin.DeleteAsync($"/api/accounts/{account}")).StatusCode);
        using var browser = new Browserless(_router.Api.Url);
        var back = await browser.Submit(await browser.Get(await Link(account)), "Save and sign in", ("password", PageClient.Password));
        Assert.NotEqual(StepPath, back.Path);
        Assert.Equal("/account", (await browser.Get("/account")).Path);
    }

    private async Task<string> Link(Guid account)
    {
        using var answer = await _router.Admin.PostAsync($"/api/accounts/{account}/invitation", content: null);
        return System.Text.Json.JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("path").GetString()!;
    }
}
