using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;

namespace Router.BrowserTests;

/// <summary>The router that all tests share, with its pages, and a Chromium in front of it.</summary>
public sealed class Browser(TestServers servers) : IAsyncLifetime
{
    public const string Password = "a few words in a row";

    /// <summary>Milliseconds that a page may take on a busy machine.</summary>
    private const int Patience = 30_000;

    // The first has no windows to draw: the same pages in half of the time.
    private static readonly string[] Programs =
        ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    private IPlaywright _playwright = null!;
    private IBrowser _chromium = null!;

    public RouterFixture Router { get; private set; } = null!;

    /// <summary>Pictures of the pages, to be looked at; never committed.</summary>
    public static string Screenshots { get; } = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "screenshots")).FullName;

    public async ValueTask InitializeAsync()
    {
        var path = Programs.FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException("There is no Chromium on this machine: apt-get install chromium-headless-shell");
        Router = await servers.SharedRouter.Value;
        _playwright = await Playwright.CreateAsync();
        Assertions.SetDefaultExpectTimeout(Patience);
        // The tests run as root on build machines, where Chromium's sandbox can't.
        _chromium = await _playwright.Chromium.LaunchAsync(
            new BrowserTypeLaunchOptions { ExecutablePath = path, Args = ["--no-sandbox", "--disable-dev-shm-usage"] });
    }

    public async ValueTask DisposeAsync()
    {
        if (_chromium is not null)
            await _chromium.DisposeAsync();
        _playwright?.Dispose();
    }

    /// <summary>A new window. Without script unless a test needs it to look into the page: nobody needs it to use one.</summary>
    /// <param name="width">Of the window, in pixels.</param>
    /// <param name="dark">Whether it asks for dark colours.</param>
    /// <param name="script">Whether it runs script.</param>
    /// <param name="at">Another router than the one that all tests share.</param>
    /// <param name="timeZone">Where it is; UTC without.</param>
    public async Task<IPage> Open(int width = 1280, bool dark = false, bool script = false, Uri? at = null, string? timeZone = null)
    {
        var context = await _chromium.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = (at ?? Router.Api.Url).AbsoluteUri, JavaScriptEnabled = script, TimezoneId = timeZone,
            ViewportSize = new ViewportSize { Width = width, Height = 800 },
            ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light,
        });
        context.SetDefaultTimeout(Patience);
        return await context.NewPageAsync();
    }

    /// <summary>An invited owner of the site, not signed in yet; the link is the operator's to pass on.</summary>
    public async Task<(string Email, string Link)> Invite(params TestSite[] sites)
    {
        var response = await Router.Admin.PostAsJsonAsync(
            "/api/accounts", new { email = $"ann-{Guid.NewGuid():N}@realty.test", sites = sites.Select(site => site.Id) });
        var invitation = await response.Content.ReadFromJsonAsync<JsonElement>();
        return (invitation.GetProperty("email").GetString()!, invitation.GetProperty("path").GetString()!);
    }

    /// <summary>A window in which an owner of the sites is signed in.</summary>
    public async Task<IPage> SignInAsOwner(
        TestSite[] sites, int width = 1280, bool dark = false, bool script = false, string? timeZone = null)
    {
        var (_, link) = await Invite(sites);
        var page = await Open(width, dark, script, timeZone: timeZone);
        await page.GotoAsync(link);
        await page.GetByLabel("Password").FillAsync(Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Save and sign in" }).ClickAsync();
        return page;
    }

    public async Task<IPage> SignInAsOperator(int width = 1280, bool dark = false, bool script = false, Uri? at = null)
    {
        var page = await Open(width, dark, script, at);
        await page.GotoAsync("/sign-in");
        await page.GetByLabel("E-mail").FillAsync(RouterFixture.OperatorsEmail);
        await page.GetByLabel("Password").FillAsync(RouterFixture.OperatorsPassword);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        return page;
    }
}
