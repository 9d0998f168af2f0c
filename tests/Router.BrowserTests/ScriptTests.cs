using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Router.BrowserTests;

/// <summary>What the script adds to pages that work without it.</summary>
public sealed class ScriptTests(Browser browser) : IClassFixture<Browser>
{
    private readonly RouterFixture _router = browser.Router;

    [Fact]
    public async Task Leads_ThatComeIn_AppearOnTheOpenList()
    {
        var site = await _router.CreateSite();
        var page = await browser.SignInAsOwner([site], script: true);
        await page.GotoAsync($"/sites/{site.Id}/leads");
        await Expect(page.GetByText("No leads yet")).ToBeVisibleAsync();
        await site.Post("""{"source": "s", "first_name": "Lena", "last_name": "Live"}""");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Lena Live" })).ToBeVisibleAsync();
        await Expect(page.GetByText("Lead Manager delivered")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Switch_Pressed_LeavesThePageAndItsFocusWhereTheyAre()
    {
        var site = await _router.CreateSite();
        var destinations = new List<TestDestination>();
        for (var i = 0; i < 12; i++)
            destinations.Add(await site.AddDestination($"one of many {i:00}"));
        var page = await browser.SignInAsOwner([site], script: true);
        await page.GotoAsync($"/sites/{site.Id}");
        await page.EvaluateAsync("window.stays = true");
        var toggle = page.GetByRole(AriaRole.Switch, new() { Name = "one of many 11 is active" });
        await toggle.ScrollIntoViewIfNeededAsync();
        await page.EvaluateAsync("document.documentElement.style.scrollBehavior = 'auto'");
        await toggle.ClickAsync();
        await Expect(toggle).ToHaveAttributeAsync("aria-checked", "false");
        await Expect(page.GetByText("one of many 11 is off: it gets no more leads.").First).ToBeVisibleAsync();
        await Expect(toggle).ToBeFocusedAsync();
        Assert.True(await page.EvaluateAsync<bool>("window.stays"), "the page was loaded anew");
        Assert.True(await page.EvaluateAsync<int>("scrollY") > 0, "the page jumped to its top");

        // What has to be asked first is asked on a page of its own, and Back leads back.
        await site.Patch(destinations[10], new { paused = true });
        await site.PostLead();
        await Eventually.True(
            async () => await _router.Query<long>(
                "select count(*) from deliveries where site_id = @Id and state = 'held'", new { site.Id }) == 1,
            "a lead is on hold");
        var asked = page.GetByRole(AriaRole.Switch, new() { Name = "one of many 10 is active" });
        await asked.ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("/off\\?from=list$"));
        await page.GoBackAsync();
        await Expect(asked).ToHaveAttributeAsync("aria-checked", "true");
    }

    [Fact]
    public async Task Secret_Shown_IsCopiedByAButton()
    {
        var site = await _router.CreateSite();
        var page = await browser.SignInAsOwner([site], script: true);
        await page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await page.GotoAsync($"/sites/{site.Id}/destinations/new");
        await page.GetByRole(AriaRole.Button, new() { Name = "Generate a secret" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Copy this" }).ClickAsync();
        Assert.Equal(
            await page.GetByLabel("Secret").InputValueAsync(), await page.EvaluateAsync<string>("navigator.clipboard.readText()"));

        await page.GotoAsync("/account/tokens");
        await page.GetByLabel("Name of a new token").FillAsync("mine");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make a token" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Copy this" }).ClickAsync();
        Assert.Equal(
            await page.Locator("pre.secret").TextContentAsync(), await page.EvaluateAsync<string>("navigator.clipboard.readText()"));
    }

    [Fact]
    public async Task TimeZone_OfTheBrowser_IsTheAccountsUntilItChoosesAnother()
    {
        var site = await _router.CreateSite();
        var page = await browser.SignInAsOwner([site], script: true, timeZone: "America/Denver");
        await Expect(page.GetByText("Times are in America/Denver.")).ToBeVisibleAsync();
        await page.GotoAsync("/account");
        await page.GetByLabel("Times are shown in").SelectOptionAsync("Pacific/Honolulu");
        await page.Locator("form", new() { Has = page.GetByLabel("Times are shown in") }).GetByRole(AriaRole.Button).ClickAsync();
        await Expect(page.GetByText("Times are in Pacific/Honolulu.")).ToBeVisibleAsync();
    }
}
