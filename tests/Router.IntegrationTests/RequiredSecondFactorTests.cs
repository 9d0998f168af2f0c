using System.Net;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Accounts that must have a second factor, and those that have lost theirs.</summary>
public sealed class RequiredSecondFactorTests(TestServers servers)
{
    [Fact]
    public async Task Operator_ThatMustHaveOne_CanDoNothingElseBefore()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0, ("SecondFactor:RequiredFor", "Operators"));
        var site = await router.CreateSite();
        using var owner = await PageClient.SignedIn(router, "owner", site.Id);
        Assert.Equal(HttpStatusCode.OK, (await owner.Http.GetAsync($"/sites/{site.Id}")).StatusCode);

        using var client = await PageClient.SignedIn(router, "operator");
        foreach (var path in new[] { "/", "/account", "/operator", $"/sites/{site.Id}", $"/sites/{site.Id}/leads?q=x" })
        {
            var answer = await client.Http.GetAsync(path);
            Assert.True(answer.Headers.Location?.OriginalString.StartsWith("/account/second-factor", StringComparison.Ordinal), path);
        }

        // A form is of no use either, whatever page its token is from.
        var invited = await client.SubmitFrom(
            "/account/second-factor", "/operator/accounts?handler=Invite", ("email", "thief@realty.test"), ("role", "operator"));
        Assert.Equal("/account/second-factor", invited.Headers.Location?.OriginalString);
        Assert.Equal(0, await router.Query<long>("select count(*) from accounts where email = 'thief@realty.test'"));
        Assert.Equal("/sign-in", (await client.SubmitFrom("/account/second-factor", "/sign-out")).Headers.Location?.OriginalString);
        // Programs have a credential of their own.
        Assert.Equal(HttpStatusCode.OK, (await router.Admin.GetAsync("/api/accounts")).StatusCode);

        using var browser = new Browserless(router.Api.Url);
        var asked = await browser.Get("/operator/accounts?find=x");
        var led = await browser.Submit(
            asked, "Sign in", ("email", RouterFixture.OperatorsEmail), ("password", RouterFixture.OperatorsPassword));
        Assert.Contains("Operators of this router need a second factor", led.Text, StringComparison.Ordinal);
        var setup = await browser.Get($"{AuthenticatorApp.SetupPath}{led.Url.Query}");
        var app = AuthenticatorApp.Scan(setup);
        var done = await browser.Submit(setup, "Confirm", ("code", app.Code()));
        Assert.Contains("href=\"/operator/accounts?find=x\"", done.Html, StringComparison.Ordinal);
        Assert.Equal("/operator/accounts", (await browser.Get("/operator/accounts")).Path);

        // And it stays so.
        var refused = await browser.Submit(await browser.Get("/account/second-factor"), "Remove the app");
        Assert.Equal(409, refused.Status);
        Assert.Contains("must have a second factor", refused.Text, StringComparison.Ordinal);
        Assert.Equal(1, await router.Query<long>("select count(*) from authenticator_apps"));
    }

    [Fact]
    public async Task Owner_WhereEveryoneMustHaveOne_CanDoNothingElseBeforeEither()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0, ("SecondFactor:RequiredFor", "Everyone"));
        var site = await router.CreateSite();
        var (email, link) = await PageClient.Invite(router, "owner", site.Id);
        using var browser = new Browserless(router.Api.Url);
        await browser.Submit(await browser.Get(link), "Save and sign in", ("password", PageClient.Password));
        foreach (var path in new[] { "/", "/account/tokens", $"/sites/{site.Id}", $"/sites/{site.Id}/leads?q=x" })
            Assert.Equal("/account/second-factor", (await browser.Get(path)).Path);

        await AuthenticatorApp.SetUp(browser);
        Assert.Equal($"/sites/{site.Id}", (await browser.Get($"/sites/{site.Id}")).Path);
        Assert.Equal(409, (await browser.Submit(await browser.Get("/account/second-factor"), "Remove the app")).Status);

        // A passkey that was copied lets nobody in: it is no factor that stays when the app is removed.
        await router.Query<int>(
            """
            insert into passkeys (id, account_id, name, credential_id, public_key, sign_count, asked_at, copied_at)
            select gen_random_uuid(), id, 'copied', 'c', 'k', 1, now(), now() from accounts where email = @email returning 1
            """, new { email });
        Assert.Equal(409, (await browser.Submit(await browser.Get("/account/second-factor"), "Remove the app")).Status);
        Assert.Equal(1, await router.Query<long>("select count(*) from authenticator_apps"));
    }

    [Fact]
    public async Task Factors_OfSomebodyWhoLostThem_AreRemovedByAnOperatorOrTheHostsCommand()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0);
        var (email, link) = await PageClient.Invite(router, "operator");
        var account = await router.Query<Guid>("select id from accounts where email = @email", new { email });
        using var phone = new Browserless(router.Api.Url);
        await phone.Submit(await phone.Get(link), "Save and sign in", ("password", PageClient.Password));

        // On the page.
        await AuthenticatorApp.SetUp(phone);
        using var @operator = new Browserless(router.Api.Url);
        await @operator.SignIn(RouterFixture.OperatorsEmail, RouterFixture.OperatorsPassword);
        var removed = await @operator.Submit(
            await @operator.Get("/operator/accounts"), $"Remove the second factors of {email}", ("account", $"{account}"));
        Assert.Contains($"{email} has no second factor any more", removed.Text, StringComparison.Ordinal);
        await AssertGone(RouterFixture.OperatorsEmail);

        // By the API; nobody's own.
        await AuthenticatorApp.SetUp(phone);
        Assert.Equal(HttpStatusCode.NoContent, (await router.Admin.DeleteAsync($"/api/accounts/{account}/second-factors")).StatusCode);
        await AssertGone($"{RouterFixture.OperatorsEmail} (token from configuration)");
        Assert.Equal(HttpStatusCode.Conflict, (await router.Admin.DeleteAsync($"/api/accounts/{account}/second-factors")).StatusCode);
        var own = await router.Query<Guid>("select id from accounts where email = @OperatorsEmail", new { RouterFixture.OperatorsEmail });
        await AuthenticatorApp.SetUp(@operator);
        Assert.Equal(HttpStatusCode.Conflict, (await router.Admin.DeleteAsync($"/api/accounts/{own}/second-factors")).StatusCode);
        Assert.Equal(1, await router.Query<long>("select count(*) from authenticator_apps where account_id = @own", new { own }));

        // By hand, where nobody else is left.
        await AuthenticatorApp.SetUp(phone);
        var (code, output) = await HostProcess.Ask("Router.Api", router.Settings, [], "reset-second-factor", email.ToUpperInvariant());
        Assert.True(code == 0 && output.Contains($"The account {email} has no second factor any more", StringComparison.Ordinal), output);
        await AssertGone("reset-second-factor");
        (code, output) = await HostProcess.Ask("Router.Api", router.Settings, [], "reset-second-factor", email);
        Assert.True(code == 1 && output.Contains("has no second factor", StringComparison.Ordinal), output);

        async Task AssertGone(string actor)
        {
            // Signed out, and let in by the password alone.
            Assert.Equal("/sign-in", (await phone.Get("/account")).Path);
            Assert.NotEqual("/sign-in/second-step", (await phone.SignIn(email, PageClient.Password)).Path);
            Assert.Equal("/account", (await phone.Get("/account")).Path);
            Assert.Equal(actor, await router.Query<string>(
                """
                select actor from audit_log where kind = 'authenticator_apps' and action = 'deleted' and subject = @email
                order by id desc limit 1
                """, new { email }));
        }
    }

    [Fact]
    public async Task Changes_OfFactors_AreMailedToTheAccount()
    {
        await using var mails = MailServer.Start();
        await using var router = await RouterFixture.Start(servers, workers: 0, mails.Settings);
        var (email, link) = await PageClient.Invite(router, "owner");
        using var browser = new Browserless(router.Api.Url);
        await browser.Submit(await browser.Get(link), "Save and sign in", ("password", PageClient.Password));
        var (_, page) = await AuthenticatorApp.SetUp(browser);
        await Told("an authenticator app as a second factor now");
        using var elsewhere = new Browserless(router.Api.Url);
        await elsewhere.Submit(
            await elsewhere.SignIn(email, PageClient.Password), "Sign in with it", ("recovery_code", page.Secret.Split('\n')[0]));
        await Told("A recovery code of your account was used to sign in. 9 are left");
        await elsewhere.Submit(await elsewhere.Get("/account/second-factor"), "Make new codes");
        await Told("New recovery codes were made");
        await elsewhere.Submit(await elsewhere.Get("/account/second-factor"), "Remove the app");
        await Told("no longer has its authenticator app");

        Task Told(string words) => Eventually.True(
            () => mails.To(email).Any(mail => mail.TextBody!.Contains(words, StringComparison.Ordinal)), $"a mail says: {words}",
            seconds: 60);
    }

    [Fact]
    public async Task Dump_AndLog_HoldNoSecretOfAnAppAndNoRecoveryCode()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0);
        var (email, link) = await PageClient.Invite(router, "owner");
        using var browser = new Browserless(router.Api.Url);
        await browser.Submit(await browser.Get(link), "Save and sign in", ("password", PageClient.Password));
        var (app, page) = await AuthenticatorApp.SetUp(browser);
        var codes = page.Secret.Split('\n');
        using var elsewhere = new Browserless(router.Api.Url);
        await elsewhere.Submit(await elsewhere.SignIn(email, PageClient.Password), "Sign in with it", ("recovery_code", codes[0]));

        var (exitCode, dump) = await PrivateServers.Run("pg_dump", "--inserts", "-d", router.Database);
        Assert.True(exitCode == 0, dump);
        Assert.Contains("INSERT INTO public.authenticator_apps", dump, StringComparison.Ordinal);
        Assert.Contains("INSERT INTO public.recovery_codes", dump, StringComparison.Ordinal);
        var key = OtpNet.Base32Encoding.ToBytes(app.Secret);
        string[] secrets =
        [
            app.Secret, Convert.ToHexString(key), Convert.ToBase64String(key).TrimEnd('='),
            Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(app.Secret)),
            .. codes, .. codes.Select(code => code.Replace("-", "", StringComparison.Ordinal)),
        ];
        var text = dump + router.Output;
        Assert.All(secrets, secret => Assert.DoesNotContain(secret, text, StringComparison.OrdinalIgnoreCase));
    }
}
