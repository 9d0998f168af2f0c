using System.Net;
using Dapper;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Authenticator apps and recovery codes, and the second step of signing in.</summary>
public sealed class SecondFactorTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private const string StepPath = "/sign-in/second-step";

    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task App_SetUp_CountsOnceACodeOfItWasEntered()
    {
        var site = await _router.CreateSite();
        var (email, browser) = await Owner(site.Id);
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
        var (_, theirs) = await Owner();
        var (email, mine) = await Owner();
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
            "select count(*) from authenticator_apps where account_id = @Id", new { Id = await Account(email) }));
    }

    [Fact]
    public async Task SignIn_WithAnApp_AsksForItsCodeAndGoesOnWhereItWasGoing()
    {
        var site = await _router.CreateSite();
        var (email, app, _) = await OwnerWithApp(site.Id);
        using var browser = new Browserless(_router.Api.Url);
        var target = $"/sites/{site.Id}/leads?q=jane";
        var asked = await browser.Get(target);
        Assert.Equal("/sign-in", asked.Path);
        var step = await browser.Submit(asked, "Sign in", ("email", email), ("password", PageClient.Password));
        Assert.Equal((200, StepPath), (step.Status, step.Path));
        Assert.DoesNotContain("Sign out", step.Text, StringComparison.Ordinal);

        var wrong = await browser.Submit(step, "Sign in", ("code", app.Code(steps: 3)));
        Assert.Equal(401, wrong.Status);
        await Later(email);
        var signedIn = await browser.Submit(wrong, "Sign in", ("code", app.Code()));
        Assert.Equal((200, target), (signedIn.Status, signedIn.Url.PathAndQuery));
        // The step is over.
        Assert.Equal("/", (await browser.Get(StepPath)).Path.Replace($"/sites/{site.Id}", "/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Code_UsedBefore_IsNotTakenAgainNorIsAnOlderOne()
    {
        var (email, app, _) = await OwnerWithApp();
        await Later(email);
        var code = app.Code();
        using var first = new Browserless(_router.Api.Url);
        Assert.Equal(200, (await SignIn(first, email, code)).Status);
        using var second = new Browserless(_router.Api.Url);
        var replayed = await SignIn(second, email, code);
        Assert.Equal((401, StepPath), (replayed.Status, replayed.Path));
        Assert.Contains("used already", replayed.Error("code"), StringComparison.Ordinal);
        Assert.Equal(401, (await second.Submit(replayed, "Sign in", ("code", app.Code(steps: -1)))).Status);
        // That the code is right is what the counter of steps alone refuses.
        await Later(email);
        Assert.Equal(200, (await second.Submit(replayed, "Sign in", ("code", app.Code()))).Status);
    }

    [Theory]
    [InlineData(-2, 401)]
    [InlineData(-1, 200)]
    [InlineData(1, 200)]
    [InlineData(2, 401)]
    public async Task Code_OfStepsBeforeOrAfterNow_IsTakenOfTheNextOneOnly(int steps, int status)
    {
        var (email, app, _) = await OwnerWithApp();
        int answer;
        long began;
        do
        {
            using var browser = new Browserless(_router.Api.Url);
            var step = await browser.SignIn(email, PageClient.Password);
            await Later(email);
            began = HalfMinute();
            answer = (await browser.Submit(step, "Sign in", ("code", app.Code(steps)))).Status;
        }
        // Once more where now was two steps.
        while (began != HalfMinute());

        Assert.Equal(status, answer);

        static long HalfMinute() => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 30;
    }

    [Fact]
    public async Task SecretOfAnApp_PutIntoAnotherAccountsRow_MakesNoCodesForThatAccount()
    {
        var (mine, app, _) = await OwnerWithApp();
        var (theirs, _, _) = await OwnerWithApp();
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
        Assert.Equal(401, (await SignIn(browser, theirs, app.Code())).Status);
    }

    [Fact]
    public async Task Code_SentManyTimesAtOnce_SignsInOnce()
    {
        var (email, app, _) = await OwnerWithApp();
        await Later(email);
        var code = app.Code();
        // Four, so that the lock isn't what holds them back.
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            using var browser = new Browserless(_router.Api.Url);
            return (await SignIn(browser, email, code)).Status;
        }));
        Assert.Equal([200, 401, 401, 401], answers.Order());
    }

    [Fact]
    public async Task Codes_WrongFiveTimes_LockTheSecondStepForLongerEachTime()
    {
        var (email, app, codes) = await OwnerWithApp();
        using var browser = new Browserless(_router.Api.Url);
        var step = await browser.SignIn(email, PageClient.Password);
        // All at once: five are looked at.
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => browser.Submit(step, "Sign in", ("code", $"00000{i}"))));
        Assert.Equal(5, await Wrong(email));
        await Later(email);
        var locked = await browser.Submit(step, "Sign in", ("code", app.Code()));
        Assert.Equal(401, locked.Status);
        Assert.Contains("none is taken for 15 more minutes", locked.Text, StringComparison.Ordinal);
        Assert.Equal("a code of the app: 5, a code that was not looked at, after too many wrong ones: 4", await _router.Query<string>(
            """
            select string_agg(detail || ': ' || count, ', ' order by detail) from access_log
            where what = 'wrong_second_step' and email = @email
            """, new { email }));
        Assert.Equal(401, (await browser.Submit(step, "Sign in with it", ("recovery_code", codes[0]))).Status);

        for (var i = 0; i < 5; i++)
        {
            await Unlock(email);
            await browser.Submit(step, "Sign in with it", ("recovery_code", $"wrong {i}"));
        }

        Assert.Contains("none is taken for 30 more minutes", (await browser.Submit(step, "Sign in", ("code", app.Code()))).Text,
            StringComparison.Ordinal);
        await Unlock(email);
        Assert.Equal(200, (await browser.Submit(step, "Sign in", ("code", app.Code()))).Status);
        Assert.Equal(0, await Wrong(email));
    }

    [Fact]
    public async Task RecoveryCode_Used_IsNotTakenAgainAndIsAudited()
    {
        var (email, _, codes) = await OwnerWithApp();
        using var browser = new Browserless(_router.Api.Url);
        var step = await browser.SignIn(email, PageClient.Password);
        // As somebody types it from paper.
        var typed = codes[3].ToLowerInvariant().Replace('0', 'o').Replace('-', ' ');
        Assert.Equal(200, (await browser.Submit(step, "Sign in with it", ("recovery_code", typed))).Status);
        Assert.Contains("9 codes are left", (await browser.Get("/account/second-factor")).Text, StringComparison.Ordinal);
        Assert.Equal("[10, 9]", await _router.Query<string>(
            "select changes ->> 'codes_left' from audit_log where kind = 'recovery_codes' and action = 'changed' and subject = @email",
            new { email }));

        using var again = new Browserless(_router.Api.Url);
        var refused = await again.Submit(
            await again.SignIn(email, PageClient.Password), "Sign in with it", ("recovery_code", codes[3]));
        Assert.Equal(401, refused.Status);
        Assert.Contains("used already", refused.Error("recovery_code"), StringComparison.Ordinal);

        var renewed = (await browser.Submit(await browser.Get("/account/second-factor"), "Make new codes")).Secret.Split('\n');
        Assert.Equal(401, (await again.Submit(refused, "Sign in with it", ("recovery_code", codes[4]))).Status);
        Assert.Equal(200, (await again.Submit(refused, "Sign in with it", ("recovery_code", renewed[4]))).Status);
    }

    [Fact]
    public async Task RecoveryCode_OfSomebodyElse_IsNotTaken()
    {
        var (email, _, _) = await OwnerWithApp();
        var (_, _, others) = await OwnerWithApp();
        using var browser = new Browserless(_router.Api.Url);
        var step = await browser.SignIn(email, PageClient.Password);
        Assert.Equal(401, (await browser.Submit(step, "Sign in with it", ("recovery_code", others[0]))).Status);
    }

    [Fact]
    public async Task CookieBetweenTheSteps_IsGoodForNothingElse()
    {
        var site = await _router.CreateSite();
        var (email, app, codes) = await OwnerWithApp(site.Id);
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
        await Later(email);
        await Execute("update accounts set stamp = gen_random_uuid() where email = @email", email);
        var late = await client.SubmitFrom(StepPath, $"{StepPath}?handler=Code", ("code", app.Code()));
        Assert.Equal("/sign-in", late.Headers.Location?.OriginalString);
        Assert.DoesNotContain(client.Cookies.GetAllCookies(), one => one.Name == "lead_router_session" && one.Value != cookie.Value);
        // Nor does it use up a recovery code.
        await client.Submit("/sign-in", ("email", email), ("password", PageClient.Password));
        await Execute("update accounts set stamp = gen_random_uuid() where email = @email", email);
        await client.SubmitFrom(StepPath, $"{StepPath}?handler=Recovery", ("recovery_code", codes[0]));
        Assert.Equal(10, await _router.Query<int>(
            "select codes_left from recovery_codes where account_id = @Id", new { Id = await Account(email) }));
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
        var (email, app, _) = await OwnerWithApp();
        var account = await Account(email);
        var link = await Link(account);
        using var browser = new Browserless(_router.Api.Url);
        var step = await browser.Submit(await browser.Get(link), "Save and sign in", ("password", "quite another password"));
        Assert.Equal((200, StepPath), (step.Status, step.Path));
        Assert.Equal("/sign-in", (await browser.Get("/account")).Path);
        await Later(email);
        Assert.Equal(200, (await browser.Submit(step, "Sign in", ("code", app.Code()))).Status);
        Assert.Equal("/account", (await browser.Get("/account")).Path);
    }

    [Fact]
    public async Task Factors_RemovedByTheirAccount_AreNotAskedForAndTheirCodesEnd()
    {
        var (email, browser) = await Owner();
        await AuthenticatorApp.SetUp(browser);
        var removed = await browser.Submit(await browser.Get("/account/second-factor"), "Remove the app");
        Assert.Contains("The app is removed", removed.Text, StringComparison.Ordinal);
        Assert.Equal(0, await _router.Query<long>(
            "select count(*) from recovery_codes where account_id = @Id", new { Id = await Account(email) }));
        using var fresh = new Browserless(_router.Api.Url);
        Assert.NotEqual(StepPath, (await fresh.SignIn(email, PageClient.Password)).Path);
        browser.Dispose();
    }

    [Fact]
    public async Task Account_DisabledAndLetInAgain_HasNoneOfItsFactors()
    {
        var (email, _, _) = await OwnerWithApp();
        var account = await Account(email);
        Assert.Equal(HttpStatusCode.NoContent, (await _router.Admin.DeleteAsync($"/api/accounts/{account}")).StatusCode);
        using var browser = new Browserless(_router.Api.Url);
        var back = await browser.Submit(await browser.Get(await Link(account)), "Save and sign in", ("password", PageClient.Password));
        Assert.NotEqual(StepPath, back.Path);
        Assert.Equal("/account", (await browser.Get("/account")).Path);
    }

    private async Task<(string Email, Browserless Browser)> Owner(params Guid[] sites)
    {
        var (email, link) = await PageClient.Invite(_router, "owner", sites);
        var browser = new Browserless(_router.Api.Url);
        await browser.Submit(await browser.Get(link), "Save and sign in", ("password", PageClient.Password));
        return (email, browser);
    }

    private async Task<(string Email, AuthenticatorApp App, string[] Codes)> OwnerWithApp(params Guid[] sites)
    {
        var (email, browser) = await Owner(sites);
        using (browser)
        {
            var (app, page) = await AuthenticatorApp.SetUp(browser);
            return (email, app, page.Secret.Split('\n'));
        }
    }

    private static async Task<Browsed> SignIn(Browserless browser, string email, string code) =>
        await browser.Submit(await browser.SignIn(email, PageClient.Password), "Sign in", ("code", code));

    /// <summary>As if the code that was taken last were an old one.</summary>
    private Task Later(string email) => Execute(
        "update authenticator_apps set last_step = 0 where account_id = (select id from accounts where email = @email)", email);

    private Task<int> Wrong(string email) => _router.Query<int>(
        "select coalesce(max(count), 0) from wrong_codes where account_id = (select id from accounts where email = @email)", new { email });

    /// <summary>As if the lock were over.</summary>
    private Task Unlock(string email) => Execute(
        "update wrong_codes set locked_until = now() where account_id = (select id from accounts where email = @email)", email);

    private Task<Guid> Account(string email) => _router.Query<Guid>("select id from accounts where email = @email", new { email });

    private async Task<string> Link(Guid account)
    {
        using var answer = await _router.Admin.PostAsync($"/api/accounts/{account}/invitation", content: null);
        return System.Text.Json.JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("path").GetString()!;
    }

    private async Task Execute(string sql, string email)
    {
        await using var database = await _router.OpenDatabase();
        await database.ExecuteAsync(sql, new { email });
    }
}
