using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Router.BrowserTests;

/// <summary>Signing in and out with the forms of a provider; our own pages' policies must let a browser go there and come back.</summary>
public sealed class ProviderTests(Browser browser, ProviderRouter shared) : IClassFixture<Browser>, IClassFixture<ProviderRouter>
{
    [Fact]
    public async Task Person_SignsInAtTheProviderAndOutAgain()
    {
        var name = $"p{Guid.NewGuid():N}";
        await shared.Provider.Add(name, $"{name}@realty.test");
        using var invited = await shared.Router.Admin.PostAsJsonAsync("/api/accounts", new { email = $"{name}@realty.test" });
        Assert.True(invited.IsSuccessStatusCode);

        var page = await browser.Open(script: true, at: shared.Router.Api.Url);
        await page.GotoAsync("/sign-in");
        await page.ScreenshotAsync(new() { Path = Path.Combine(Browser.Screenshots, "provider-sign-in.png"), FullPage = true });
        await page.GetByRole(AriaRole.Link, new() { Name = $"Sign in with {ProviderRouter.Name}" }).ClickAsync();
        await page.Locator("#username").FillAsync(name);
        await page.Locator("#password").FillAsync(OpenIdProvider.Password);
        await page.Keyboard.PressAsync("Enter");
        await page.ScreenshotAsync(new() { Path = Path.Combine(Browser.Screenshots, "provider-consent.png"), FullPage = true });
        await page.GetByRole(AriaRole.Button, new() { Name = "Grant access" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(shared.Router.Api.Url.AbsoluteUri);
        await Expect(page.GetByText($"{name}@realty.test")).ToBeVisibleAsync();

        await page.GotoAsync("/account/provider");
        await page.ScreenshotAsync(new() { Path = Path.Combine(Browser.Screenshots, "provider-account.png"), FullPage = true });
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        // The provider's page asks whether it is meant.
        await Expect(page).ToHaveURLAsync(new Regex("prompt=end_session"));
        await page.ScreenshotAsync(new() { Path = Path.Combine(Browser.Screenshots, "provider-sign-out.png"), FullPage = true });
    }

    [Fact]
    public async Task Account_IsConnectedByItsForm()
    {
        var name = $"p{Guid.NewGuid():N}";
        await shared.Provider.Add(name, $"{name}@elsewhere.test", verified: false);
        var (_, link) = await PageClient.Invite(shared.Router, "owner");
        var page = await browser.Open(script: true, at: shared.Router.Api.Url);
        await page.GotoAsync(link);
        await page.GetByLabel("Password").FillAsync(Browser.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Save and sign in" }).ClickAsync();
        await page.GotoAsync("/account/provider");
        await page.ScreenshotAsync(new() { Path = Path.Combine(Browser.Screenshots, "provider-connect.png"), FullPage = true });
        await page.GetByRole(AriaRole.Button, new() { Name = $"Connect with {ProviderRouter.Name}" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("/login.html"));
    }
}
