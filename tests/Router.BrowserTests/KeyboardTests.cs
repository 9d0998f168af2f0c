using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Router.BrowserTests;

/// <summary>Without a mouse.</summary>
public sealed class KeyboardTests(Browser browser) : IClassFixture<Browser>
{
    private readonly RouterFixture _router = browser.Router;

    [Fact]
    public async Task Owner_WithKeysAlone_SignsInAddsACustomApiAndSwitchesItOff()
    {
        var site = await _router.CreateSite();
        var (_, link) = await browser.Invite(site);
        var page = await browser.Open(script: true);
        await page.GotoAsync(link);
        await TabTo(page, "password");
        await page.Keyboard.TypeAsync(Browser.Password);
        await page.Keyboard.PressAsync("Enter");
        await Expect(page).ToHaveURLAsync(new Regex($"/sites/{site.Id}$"));

        // The first stop is the way past the navigation.
        await page.Keyboard.PressAsync("Tab");
        Assert.Equal("Skip to the contents", await Focused(page, "e => e.textContent"));

        await TabTo(page, "Add a Custom API");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Add a Custom API" })).ToBeVisibleAsync();
        await TabTo(page, "name");
        await page.Keyboard.TypeAsync("Typed");
        await TabTo(page, "url");
        await page.Keyboard.TypeAsync(new Uri(_router.Receiver.Url, $"/typed-{site.Id:N}").AbsoluteUri);
        await TabTo(page, "secret");
        await page.Keyboard.TypeAsync("typed secret");
        await TabTo(page, "active");
        await TabTo(page, "Save");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("Typed is saved");

        await TabTo(page, "Active");
        await page.Keyboard.PressAsync("Space");
        await Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("Typed is off");
    }

    [Fact]
    public async Task Owner_WithKeysAlone_ErasesALead()
    {
        var site = await _router.CreateSite();
        await site.PostLead();
        var delivery = await site.Delivery(site.LeadManager, "delivered");
        var page = await browser.SignInAsOwner([site], script: true);
        await page.GotoAsync($"/sites/{site.Id}/deliveries/{delivery.GetProperty("event_id")}/{site.LeadManager.Id}");
        await TabTo(page, "Erase this lead's data …");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Erase this lead's data?" })).ToBeVisibleAsync();
        await TabTo(page, "Erase this lead's data");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("The lead's data is erased: 1 event.");
    }

    /// <summary>Tab by tab to what has that id or text; each stop must show where it is.</summary>
    internal static async Task TabTo(IPage page, string target)
    {
        for (var i = 0; i < 60; i++)
        {
            await page.Keyboard.PressAsync("Tab");
            Assert.NotEqual("none",
                await Focused(page, "e => e === document.body ? 'behind the last one' : getComputedStyle(e).outlineStyle"));
            if (await Focused(page, "e => e.id") == target || await Focused(page, "e => e.textContent.trim()") == target)
                return;
        }

        Assert.Fail($"Tab never reaches {target}");
    }

    private static Task<string> Focused(IPage page, string read) => page.EvaluateAsync<string>($"() => ({read})(document.activeElement)");
}
