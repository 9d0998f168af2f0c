using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Router.BrowserTests;

/// <summary>What must not be taken for a passkey, or for somebody else's.</summary>
[Collection(typeof(Passkeys))]
public sealed class PasskeyForgeryTests(Browser browser, PasskeyRouter passkeys)
{
    private const string StepPath = "/sign-in/second-step";

    private readonly RouterFixture _router = passkeys.Router;

    [Fact]
    public async Task Passkey_WhoseDeviceDidNotCheckWhoIsThere_IsNoPassword()
    {
        var (page, _) = await passkeys.Owner(browser);
        await VirtualAuthenticator.Add(page);
        await page.AddPasskey("on the table");
        await page.SignOut();

        // The page asks for the check; so it is changed, as whoever has found the device would do.
        await page.EvaluateAsync(
            """
            () => {
                const form = document.querySelector("form[data-passkey]").dataset;
                form.passkeyOptions = JSON.stringify({ ...JSON.parse(form.passkeyOptions), userVerification: "discouraged" });
            }
            """);
        await page.PressPasskey("Sign in with a passkey");
        await Expect(page.GetByRole(AriaRole.Alert).First).ToContainTextAsync("was not taken");
        await Expect(page.Locator(".who")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Answer_SentASecondTime_IsNotTaken()
    {
        var (page, email) = await passkeys.Owner(browser);
        await VirtualAuthenticator.Add(page);
        await page.AddPasskey("mine");
        await page.SignOut();
        await page.GotoAsync("/sign-in");
        var sent = await page.RunAndWaitForRequestAsync(
            () => page.GetByRole(AriaRole.Button, new() { Name = "Sign in with a passkey" }).ClickAsync(),
            request => request.Method == "POST");
        await Expect(page.Locator(".who")).ToHaveCountAsync(1);
        var body = sent.PostData!;
        await page.SignOut();

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
        var (page, _) = await passkeys.Owner(browser);
        await VirtualAuthenticator.Add(page);
        await page.AddPasskey("mine");
        await page.SignOut();
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
        var (page, _) = await passkeys.Owner(browser);
        await VirtualAuthenticator.Add(page);
        await page.AddPasskey("mine");
        await page.SignOut();
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
        var (page, email) = await closed.Owner(browser, role: "operator");
        await VirtualAuthenticator.Add(page);
        await page.AddPasskey("mine");
        await page.SignOut();
        await Role("owner");
        await page.PressPasskey("Sign in with a passkey");
        await Expect(page.GetByRole(AriaRole.Alert).First).ToContainTextAsync("was not taken");
        await Role("operator");
        await page.PressPasskey("Sign in with a passkey");
        await Expect(page.Locator(".who")).ToContainTextAsync(email);

        Task<int> Role(string role) =>
            closed.Router.Query<int>("update accounts set role = @role where email = @email returning 1", new { role, email });
    }

    [Fact]
    public async Task Copy_OfAPasskey_IsFoundByItsCountAndNeitherIsTakenAnyMore()
    {
        var (page, email) = await passkeys.Owner(browser);
        var device = await VirtualAuthenticator.Add(page);
        await page.AddPasskey("copied");
        var copy = (await device.Credentials())[0];
        await page.SignOut();
        for (var i = 0; i < 2; i++)
        {
            await page.PressPasskey("Sign in with a passkey");
            await Expect(page.Locator(".who")).ToHaveCountAsync(1);
            await page.SignOut();
        }

        var original = (await device.Credentials())[0];
        Assert.True(original.GetProperty("signCount").GetInt32() > copy.GetProperty("signCount").GetInt32() + 1);
        foreach (var one in new[] { copy, original })
        {
            await device.Clear();
            await device.Copy(one);
            await page.PressPasskey("Sign in with a passkey");
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
        var (page, _) = await passkeys.Owner(browser);
        await VirtualAuthenticator.Add(page);
        await page.AddPasskey("theirs");
        await page.SignOut();
        var (other, email) = await passkeys.Owner(browser);
        var device = await VirtualAuthenticator.Add(other);
        await other.AddPasskey("mine");
        await other.SignOut();
        await device.Clear();

        // The one who has the password of the other and a passkey of their own.
        await page.GotoAsync("/sign-in");
        await page.Password(email);
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

    private static Dictionary<string, string> Form =>
        new(StringComparer.Ordinal) { ["Content-Type"] = "application/x-www-form-urlencoded" };

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
}
