using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Router.BrowserTests;

/// <summary>The go-live check, and a site that requires it.</summary>
public sealed class GoLiveTests(Browser browser) : IClassFixture<Browser>
{
    private readonly RouterFixture _router = browser.Router;

    [Fact]
    public async Task GoLive_Required_KeepsAReceiverOffUntilItVerifies()
    {
        var site = await _router.CreateSite();
        var page = await browser.SignInAsOwner([site]);
        await page.GetByRole(AriaRole.Button, new() { Name = "Require it" }).ClickAsync();
        var destination = await site.AddDestination("careless", active: false);

        // Takes whatever comes.
        await page.GotoAsync($"/sites/{site.Id}");
        await page.GetByRole(AriaRole.Switch).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("requires that a destination has passed the go-live check");
        await Check(page, site, destination);
        await Expect(page.GetByText("Not passed.")).ToBeVisibleAsync();
        await Expect(page.GetByText("The receiver took a lead with a wrong signature.")).ToBeVisibleAsync();

        // Verifies, but minds a repetition.
        var seen = 0;
        Answer(destination, () => Interlocked.Increment(ref seen) == 1 ? 200 : 409);
        await Check(page, site, destination);
        await Expect(page.GetByText("took the message once and not a second time")).ToBeVisibleAsync();
        await Expect(page.GetByText("Right: the receiver refused")).ToBeVisibleAsync();

        // As it should be.
        Answer(destination, () => 200);
        await Check(page, site, destination);
        await Expect(page.GetByText("Passed: this receiver is ready to go live.")).ToBeVisibleAsync();
        await page.GotoAsync($"/sites/{site.Id}");
        await Expect(page.GetByText("✓ proven")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Switch).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("careless is on");

        // With another secret it isn't proven any more; it stays on.
        await site.Patch(destination, new { secret = "another secret" });
        await page.GotoAsync($"/sites/{site.Id}");
        await Expect(page.GetByText("✓ proven")).ToHaveCountAsync(0);
        await Expect(page.GetByRole(AriaRole.Switch)).ToHaveAttributeAsync("aria-checked", "true");
    }

    private static async Task Check(IPage page, TestSite site, TestDestination destination)
    {
        await page.GotoAsync($"/sites/{site.Id}/destinations/{destination.Id}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Run the go-live check" }).ClickAsync();
        await Expect(page.GetByText(new Regex("^(Passed:|Not passed)"))).ToBeVisibleAsync();
    }

    private void Answer(TestDestination destination, Func<int> status) => _router.Receiver.Answer(destination.Path, (context, request) =>
    {
        context.Response.StatusCode = request.IsSignedWith(destination.Secret) ? status() : 401;
        return Task.CompletedTask;
    });
}
