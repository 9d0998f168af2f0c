using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Router.BrowserTests;

/// <summary>Passkeys, from adding one to signing in with it.</summary>
[Collection(typeof(Passkeys))]
public sealed class PasskeyTests(Browser browser, PasskeyRouter passkeys)
{
    private const string StepPath = "/sign-in/second-step";

    private readonly RouterFixture _router = passkeys.Router;

    [Fact]
    public async Task Passkey_Added_SignsInAloneAndAfterThePassword()
    {
        var (page, email) = await passkeys.Owner(browser);
        var device = await VirtualAuthenticator.Add(page);
        await page.AddPasskey("my laptop");
        await Expect(page.GetByRole(AriaRole.Status).First).ToContainTextAsync("my laptop is added");
        Assert.Single(await device.Credentials());
        Assert.Equal(10, (await page.Locator("pre.secret").TextContentAsync())!.Split('\n').Length);
        Assert.Null(await LastUse());

        await page.SignOut();
        await page.PressPasskey("Sign in with a passkey");
        await Expect(page).ToHaveURLAsync($"{passkeys.Url}");
        await Expect(page.Locator(".who")).ToContainTextAsync(email);
        Assert.NotNull(await LastUse());
        Assert.Equal("passkey", await _router.Query<string>(
            "select how from sessions where account_id = (select id from accounts where email = @email) and ended_at is null",
            new { email }));

        // Where it was going is kept.
        await page.SignOut();
        await page.GotoAsync("/account?x=1");
        await page.Password(email);
        await Expect(page).ToHaveURLAsync(new Regex($"{StepPath}$"));
        await page.PressPasskey("Use a passkey");
        await Expect(page).ToHaveURLAsync(new Regex("/account\\?x=1$"));

        // The same device has one already.
        await page.GotoAsync("/account/second-factor/passkey");
        await page.GetByLabel("Its name").FillAsync("again");
        await page.PressPasskey("Add it");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("has a passkey of your account already");

        Task<DateTime?> LastUse() => _router.Query<DateTime?>(
            "select last_used_at from passkeys where account_id = (select id from accounts where email = @email)", new { email });
    }

    [Fact]
    public async Task Passkeys_SeveralWithNames_AreRemovedOneByOne()
    {
        var (page, email) = await passkeys.Owner(browser);
        var device = await VirtualAuthenticator.Add(page);
        await page.AddPasskey("the first");
        var first = (await device.Credentials())[0];
        await device.Clear();
        await page.AddPasskey("the second");
        var second = (await device.Credentials())[0];
        await Expect(page.GetByRole(AriaRole.Row)).ToHaveCountAsync(3);

        await page.GetByLabel("Remove the first").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Remove the first" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("the first is removed");
        await Expect(page.GetByRole(AriaRole.Row)).ToHaveCountAsync(2);

        await page.SignOut();
        await device.Clear();
        await device.Copy(first);
        await page.PressPasskey("Sign in with a passkey");
        await Expect(page.GetByRole(AriaRole.Alert).First).ToContainTextAsync("was not taken");
        await device.Clear();
        await device.Copy(second);
        await page.PressPasskey("Sign in with a passkey");
        await Expect(page.Locator(".who")).ToContainTextAsync(email);
    }

    [Fact]
    public async Task SecurityKey_ThatOnlyKnowsItWasTouched_IsASecondFactor()
    {
        var (page, email) = await passkeys.Owner(browser);
        await VirtualAuthenticator.Add(page, knowsWho: false);
        await page.AddPasskey("the blue key");
        await page.SignOut();
        await page.Password(email);
        await page.PressPasskey("Use a passkey");
        await Expect(page.Locator(".who")).ToContainTextAsync(email);
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
        var (page, email) = await passkeys.Owner(browser);
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

        await page.SignOut();
        await page.Password(email);
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
        var (page, email) = await passkeys.Owner(browser, width, dark);
        await VirtualAuthenticator.Add(page);
        await LooksTests.Look(page, "/account/second-factor", "second-factor-none", width);
        await LooksTests.Look(page, "/account/second-factor/app", "second-factor-app", width);
        await LooksTests.Look(page, "/account/second-factor/passkey", "second-factor-passkey", width);
        await page.AddPasskey("my laptop");
        await page.ScreenshotAsync(
            new() { Path = Path.Combine(Browser.Screenshots, $"second-factor-codes-{width}.png"), FullPage = true });
        await page.GotoAsync("/account/second-factor/app");
        var app = new AuthenticatorApp((await page.Locator("pre.copy").TextContentAsync())!);
        await page.GetByLabel("The code that the app shows now").FillAsync(app.Code());
        await page.GetByRole(AriaRole.Button, new() { Name = "Confirm" }).ClickAsync();
        await LooksTests.Look(page, "/account/second-factor", "second-factor", width);
        await page.SignOut();
        await LooksTests.Look(page, "/sign-in", "sign-in-passkey", width);
        await page.Password(email);
        await LooksTests.Look(page, StepPath, "second-step", width);
    }

    private static Task TabTo(IPage page, string name) => KeyboardTests.TabTo(page, name);
}
