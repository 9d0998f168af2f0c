using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Router.BrowserTests;

/// <summary>Passkeys, from adding one to signing in with it, and what must not be taken for one.</summary>
public sealed class PasskeyTests(Browser browser, PasskeyRouter passkeys) : IClassFixture<Browser>, IClassFixture<PasskeyRouter>
{
    private const string StepPath = "/sign-in/second-step";

    private readonly RouterFixture _router = passkeys.Router;

    [Fact]
    public async Task Passkey_Added_SignsInAloneAndAfterThePassword()
    {
        var (page, email) = await Owner();
        var device = await VirtualAuthenticator.Add(page);
        await AddPasskey(page, "my laptop");
        await Expect(page.GetByRole(AriaRole.Status).First).ToContainTextAsync("my laptop is added");
        Assert.Single(await device.Credentials());
        Assert.Equal(10, (await page.Locator("pre.secret").TextContentAsync())!.Split('\n').Length);
        Assert.Null(await LastUse());

        await SignOut(page);
        await PressPasskey(page, "Sign in with a passkey");
        await Expect(page).ToHaveURLAsync($"{passkeys.Url}");
        await Expect(page.Locator(".who")).ToContainTextAsync(email);
        Assert.NotNull(await LastUse());
        Assert.Equal("passkey", await _router.Query<string>(
            "select how from sessions where account_id = (select id from accounts where email = @email) and ended_at is null",
            new { email }));

        // Where it was going is kept.
        await SignOut(page);
        await page.GotoAsync("/account?x=1");
        await Password(page, email);
        await Expect(page).ToHaveURLAsync(new Regex($"{StepPath}$"));
        await PressPasskey(page, "Use a passkey");
        await Expect(page).ToHaveURLAsync(new Regex("/account\\?x=1$"));

        // The same device has one already.
        await page.GotoAsync("/account/second-factor/passkey");
        await page.GetByLabel("Its name").FillAsync("again");
        await PressPasskey(page, "Add it");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("has a passkey of your account already");

        Task<DateTime?> LastUse() => _router.Query<DateTime?>(
            "select last_used_at from passkeys where account_id = (select id from accounts where email = @email)", new { email });
    }

    [Fact]
    public async Task Passkeys_SeveralWithNames_AreRemovedOneByOne()
    {
        var (page, email) = await Owner();
        var device = await VirtualAuthenticator.Add(page);
        await AddPasskey(page, "the first");
        var first = (await device.Credentials())[0];
        await device.Clear();
        await AddPasskey(page, "the second");
        var second = (await device.Credentials())[0];
        await Expect(page.GetByRole(AriaRole.Row)).ToHaveCountAsync(3);

        await page.GetByLabel("Remove the first").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Remove the first" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("the first is removed");
        await Expect(page.GetByRole(AriaRole.Row)).ToHaveCountAsync(2);

        await SignOut(page);
        await device.Clear();
        await device.Copy(first);
        await PressPasskey(page, "Sign in with a passkey");
        await Expect(page.GetByRole(AriaRole.Alert).First).ToContainTextAsync("was not taken");
        await device.Clear();
        await device.Copy(second);
        await PressPasskey(page, "Sign in with a passkey");
        await Expect(page.Locator(".who")).ToContainTextAsync(email);
    }

    [Fact]
    public async Task SecurityKey_ThatOnlyKnowsItWasTouched_IsASecondFactor()
    {
        var (page, email) = await Owner();
        await VirtualAuthenticator.Add(page, knowsWho: false);
        await AddPasskey(page, "the blue key");
        await SignOut(page);
        await Password(page, email);
        await PressPasskey(page, "Use a passkey");
        await Expect(page.Locator(".who")).ToContainTextAsync(email);
    }

    [Fact]
    public async Task Passkey_WhoseDeviceDidNotCheckWhoIsThere_IsNoPassword()
    {
        var (page, _) = await Owner();
        await VirtualAuthenticator.Add(page);
        await AddPasskey(page, "on the table");
        await SignOut(page);

        // The page asks for the check; so it is changed, as whoever has found the device would do.
        await page.EvaluateAsync(
            """
            () => {
                const form = document.querySelector("form[data-passkey]").dataset;
                form.passkeyOptions = JSON.stringify({ ...JSON.parse(form.passkeyOptions), userVerification: "discouraged" });
            }
            """);
        await PressPasskey(page, "Sign in with a passkey");
        await Expect(page.GetByRole(AriaRole.Alert).First).ToContainTextAsync("was not taken");
        await Expect(page.Locator(".who")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Answer_SentASecondTime_IsNotTaken()
    {
        var (page, email) = await Owner();
        await VirtualAuthenticator.Add(page);
        await AddPasskey(page, "mine");
        await SignOut(page);
        await page.GotoAsync("/sign-in");
        var sent = await page.RunAndWaitForRequestAsync(
            () => page.GetByRole(AriaRole.Button, new() { Name = "Sign in with a passkey" }).ClickAsync(),
            request => request.Method == "POST");
        await Expect(page.Locator(".who")).ToHaveCountAsync(1);
        var body = sent.PostData!;
        await SignOut(page);

        var replayed = await page.Context.APIRequest.PostAsync(
            sent.Url, new() { DataString = body, Headers = Form, MaxRedirects = 0 });
        Assert.Equal(401, replayed.Status);
        Assert.Contains("was not taken", await replayed.TextAsync(), StringComparison.Ordinal);
        // For it was answered before, and not for its count: some devices don't count.
        Assert.Equal(0, await _router.Query<long>(
            "select count(*) from passkeys where copied_at is not null and account_id = (select id from accounts where email = @email)",
            new { email }));
    }

    [Fact]
    public async Task Answer_ToAnotherQuestionThanItIsSentWith_IsNotTaken()
    {
        var (page, _) = await Owner();
        await VirtualAuthenticator.Add(page);
        await AddPasskey(page, "mine");
        await SignOut(page);
        await page.GotoAsync("/sign-in");
        var (options, state) = await Question(page);
        await page.GotoAsync("/sign-in");
        var (_, other) = await Question(page);

        var answer = await Answer(page, options);
        await Send(page, other, answer);
        await Expect(page.GetByRole(AriaRole.Alert).First).ToContainTextAsync("was not taken");
        await Expect(page.Locator(".who")).ToHaveCountAsync(0);
        // With its own it is.
        await Send(page, state, answer);
        await Expect(page.Locator(".who")).ToHaveCountAsync(1);
    }

    [Fact]
    public async Task Answer_GivenToAPageElsewhere_IsNotTaken()
    {
        var (page, _) = await Owner();
        await VirtualAuthenticator.Add(page);
        await AddPasskey(page, "mine");
        await SignOut(page);
        await page.GotoAsync("/sign-in");
        var (options, state) = await Question(page);

        // The same host, so that the browser lets it ask: another program of that machine.
        const string elsewhere = "http://localhost:8/";
        await page.RouteAsync($"{elsewhere}**", route => route.FulfillAsync(new() { ContentType = "text/html", Body = "<p>Hello" }));
        await page.GotoAsync(elsewhere);
        var answer = await Answer(page, options);
        await page.GotoAsync("/sign-in");
        await Send(page, state, answer);
        await Expect(page.GetByRole(AriaRole.Alert).First).ToContainTextAsync("was not taken");
        await Expect(page.Locator(".who")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Passkey_OfSomebodyWhomNoPasswordLetsIn_LetsThemInNeither()
    {
        await using var closed = new PasskeyRouter(passkeys.Servers)
        {
            Settings = [("OpenIdConnect:Authority", "https://login.router.test"), ("OpenIdConnect:ClientId", "router"),
                ("OpenIdConnect:PasswordSignIn", "operators")],
        };
        await closed.InitializeAsync();
        var (page, email) = await Owner(router: closed, role: "operator");
        await VirtualAuthenticator.Add(page);
        await AddPasskey(page, "mine");
        await SignOut(page);
        await Role("owner");
        await PressPasskey(page, "Sign in with a passkey");
        await Expect(page.GetByRole(AriaRole.Alert).First).ToContainTextAsync("was not taken");
        await Role("operator");
        await PressPasskey(page, "Sign in with a passkey");
        await Expect(page.Locator(".who")).ToContainTextAsync(email);

        Task<int> Role(string role) =>
            closed.Router.Query<int>("update accounts set role = @role where email = @email returning 1", new { role, email });
    }

    [Fact]
    public async Task Copy_OfAPasskey_IsFoundByItsCountAndNeitherIsTakenAnyMore()
    {
        var (page, email) = await Owner();
        var device = await VirtualAuthenticator.Add(page);
        await AddPasskey(page, "copied");
        var copy = (await device.Credentials())[0];
        await SignOut(page);
        for (var i = 0; i < 2; i++)
        {
            await PressPasskey(page, "Sign in with a passkey");
            await Expect(page.Locator(".who")).ToHaveCountAsync(1);
            await SignOut(page);
        }

        var original = (await device.Credentials())[0];
        Assert.True(original.GetProperty("signCount").GetInt32() > copy.GetProperty("signCount").GetInt32() + 1);
        foreach (var one in new[] { copy, original })
        {
            await device.Clear();
            await device.Copy(one);
            await PressPasskey(page, "Sign in with a passkey");
            await Expect(page.GetByRole(AriaRole.Alert).First).ToContainTextAsync("was not taken");
        }

        Assert.Contains("counts backwards", _router.Output, StringComparison.Ordinal);
        Assert.Equal(1, await _router.Query<long>(
            "select count(*) from audit_log where kind = 'passkeys' and action = 'changed' and actor = @email and changes ? 'copied_at'",
            new { email }));
    }

    [Fact]
    public async Task Passkey_OfSomebodyElse_IsNoSecondFactor()
    {
        var (page, _) = await Owner();
        await VirtualAuthenticator.Add(page);
        await AddPasskey(page, "theirs");
        await SignOut(page);
        var (other, email) = await Owner();
        var device = await VirtualAuthenticator.Add(other);
        await AddPasskey(other, "mine");
        await SignOut(other);
        await device.Clear();

        // The one who has the password of the other and a passkey of their own.
        await page.GotoAsync("/sign-in");
        await Password(page, email);
        await Expect(page).ToHaveURLAsync(new Regex($"{StepPath}$"));
        await page.EvaluateAsync(
            """
            () => {
                const form = document.querySelector("form[data-passkey]");
                form.dataset.passkeyOptions = JSON.stringify({ ...JSON.parse(form.dataset.passkeyOptions), allowCredentials: [] });
            }
            """);
        await page.GetByRole(AriaRole.Button, new() { Name = "Use a passkey" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert).First).ToContainTextAsync("was not taken");
        await Expect(page.Locator(".who")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Page_AtAnotherAddressThanPasskeysAreFor_SaysWhereTheyWork()
    {
        var page = await browser.Open(script: true, at: _router.Api.Url);
        await VirtualAuthenticator.Add(page);
        await page.GotoAsync("/sign-in");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in with a passkey" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync($"work at {passkeys.Url.GetLeftPart(UriPartial.Authority)} only");
    }

    [Fact]
    public async Task SecondFactor_WithKeysAlone_IsSetUpAndUsed()
    {
        var (page, email) = await Owner();
        await page.GotoAsync("/account/second-factor");
        await TabTo(page, "Set up an app");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Set up an authenticator app" })).ToBeVisibleAsync();
        var app = new AuthenticatorApp((await page.Locator("pre.copy").TextContentAsync())!);
        await TabTo(page, "code");
        await page.Keyboard.TypeAsync(app.Code());
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("pre.secret")).ToBeVisibleAsync();
        var code = (await page.Locator("pre.secret").TextContentAsync())!.Split('\n')[0];

        await SignOut(page);
        await Password(page, email);
        await TabTo(page, "Use a recovery code");
        await page.Keyboard.PressAsync("Enter");
        await TabTo(page, "recovery_code");
        await page.Keyboard.TypeAsync(code);
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator(".who")).ToContainTextAsync(email);
    }

    [Theory]
    [InlineData(1280, false)]
    [InlineData(390, true)]
    public async Task Pages_OfSecondFactors_AreReadable(int width, bool dark)
    {
        var (page, email) = await Owner(width, dark);
        await VirtualAuthenticator.Add(page);
        await LooksTests.Look(page, "/account/second-factor", "second-factor-none", width);
        await LooksTests.Look(page, "/account/second-factor/app", "second-factor-app", width);
        await LooksTests.Look(page, "/account/second-factor/passkey", "second-factor-passkey", width);
        await AddPasskey(page, "my laptop");
        await page.ScreenshotAsync(
            new() { Path = Path.Combine(Browser.Screenshots, $"second-factor-codes-{width}.png"), FullPage = true });
        await page.GotoAsync("/account/second-factor/app");
        var app = new AuthenticatorApp((await page.Locator("pre.copy").TextContentAsync())!);
        await page.GetByLabel("The code that the app shows now").FillAsync(app.Code());
        await page.GetByRole(AriaRole.Button, new() { Name = "Confirm" }).ClickAsync();
        await LooksTests.Look(page, "/account/second-factor", "second-factor", width);
        await SignOut(page);
        await LooksTests.Look(page, "/sign-in", "sign-in-passkey", width);
        await Password(page, email);
        await LooksTests.Look(page, StepPath, "second-step", width);
    }

    private static Dictionary<string, string> Form =>
        new(StringComparer.Ordinal) { ["Content-Type"] = "application/x-www-form-urlencoded" };

    /// <summary>Signed in, in a window of their own.</summary>
    private async Task<(IPage Page, string Email)> Owner(
        int width = 1280, bool dark = false, PasskeyRouter? router = null, string role = "owner")
    {
        router ??= passkeys;
        var (email, link) = await PageClient.Invite(router.Router, role);
        var page = await browser.Open(width, dark, script: true, at: router.Url);
        await page.GotoAsync(link);
        await page.GetByLabel("Password").FillAsync(Browser.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Save and sign in" }).ClickAsync();
        await Expect(page.Locator(".who")).ToContainTextAsync(email);
        return (page, email);
    }

    /// <summary>What the sign-in page asks, and what the answer is checked with.</summary>
    private static async Task<(string Options, string State)> Question(IPage page)
    {
        var form = page.Locator("form[data-passkey]");
        return ((await form.GetAttributeAsync("data-passkey-options"))!, await form.Locator("[name=state]").InputValueAsync());
    }

    /// <summary>What the device says to that, as the page that is open asks it.</summary>
    private static Task<string> Answer(IPage page, string options) => page.EvaluateAsync<string>(
        """
        async options => JSON.stringify((await navigator.credentials.get(
            { publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(options)) })).toJSON())
        """, options);

    /// <summary>Sends an answer with the sign-in page's form.</summary>
    private static async Task Send(IPage page, string state, string answer) => await page.EvaluateAsync(
        """
        ([state, credential]) => {
            const form = document.querySelector("form[data-passkey]");
            form.elements.state.value = state;
            form.elements.credential.value = credential;
            form.submit();
        }
        """, new[] { state, answer });

    private static async Task AddPasskey(IPage page, string name)
    {
        await page.GotoAsync("/account/second-factor/passkey");
        await page.GetByLabel("Its name").FillAsync(name);
        await page.GetByRole(AriaRole.Button, new() { Name = "Add it" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("/account/second-factor$"));
    }

    private static async Task SignOut(IPage page)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("/sign-in"));
    }

    private static async Task Password(IPage page, string email)
    {
        await page.GetByLabel("E-mail").FillAsync(email);
        await page.GetByLabel("Password").FillAsync(Browser.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in", Exact = true }).ClickAsync();
    }

    private static Task PressPasskey(IPage page, string button) => page.GetByRole(AriaRole.Button, new() { Name = button }).ClickAsync();

    private static Task TabTo(IPage page, string name) => KeyboardTests.TabTo(page, name);
}
