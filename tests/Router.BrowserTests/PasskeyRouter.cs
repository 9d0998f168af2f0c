using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Router.BrowserTests;

/// <summary>A router whose pages are at a host name, as passkeys need it.</summary>
public sealed class PasskeyRouter(TestServers servers) : IAsyncLifetime
{
    private TcpProxy? _door;

    public RouterFixture Router { get; private set; } = null!;

    public TestServers Servers => servers;

    /// <summary>Besides the address.</summary>
    public (string Key, string Value)[] Settings { get; init; } = [];

    /// <summary>Where browsers find it.</summary>
    public Uri Url { get; } = new($"http://localhost:{TestHost.FreePort()}");

    public async ValueTask InitializeAsync()
    {
        Router = await RouterFixture.Start(servers, workers: 0, [("Alerts:PagesUrl", Url.AbsoluteUri), .. Settings]);
        // The port has to be known before the router has one.
        _door = new TcpProxy(Router.Api.Url, Url.Port);
    }

    /// <summary>Signed in, in a window of their own.</summary>
    public async Task<(IPage Page, string Email)> Owner(
        Browser browser, int width = 1280, bool dark = false, string role = "owner")
    {
        var (email, link) = await PageClient.Invite(Router, role);
        var page = await browser.Open(width, dark, script: true, at: Url);
        await page.GotoAsync(link);
        await page.GetByLabel("Password").FillAsync(Browser.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Save and sign in" }).ClickAsync();
        await Expect(page.Locator(".who")).ToContainTextAsync(email);
        return (page, email);
    }

    public async ValueTask DisposeAsync()
    {
        if (_door is not null)
            await _door.DisposeAsync();
        await Router.DisposeAsync();
    }
}
