using System.Net.Http.Json;
using System.Text.Json;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Router.BrowserTests;

/// <summary>
/// Every page, wide and narrow, light and dark: no accessibility rule broken, nothing wider than the window; and a picture of each.
/// </summary>
public sealed class LooksTests(Browser browser) : IClassFixture<Browser>
{
    private readonly RouterFixture _router = browser.Router;

    [Theory]
    [InlineData(1280, false)]
    [InlineData(390, true)]
    public async Task Pages_OfAnOwner_AreReadable(int width, bool dark)
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("A custom API with quite a long name, as people like to give them");
        // Before the first lead, and so before the worker knows the site: it hears of later ones only a moment later.
        var broken = await site.AddDestination("broken", url: $"http://127.0.0.1:{TestHost.FreePort()}/");
        _router.Receiver.Answer(destination.Path, 500, 200);
        await site.PostLead();
        var delivery = await site.Delivery(destination, "delivered");
        await site.PostLead();
        await site.Delivery(broken, "dead");
        await site.Refused("""{"source":"Website","activities":[{"type":"property_viewed","property":{"beds":"many"}}]}""");
        var (refused, _) = await site.Refused("""{"email":"ann@mail.test"}""");
        var offered = $"offered-{site.Id:N}";
        await _router.Admin.PostAsJsonAsync("/api/products", new { username = offered, display_name = "Home Valuations" });
        await _router.Admin.PatchAsJsonAsync(
            $"/api/products/{offered}", new { description = "Sends you people who ask what their house is worth.", offered = true });
        var path = $"/sites/{site.Id}";
        var page = await browser.SignInAsOwner([site], width, dark, script: true);

        await Look(page, path, "site", width);
        await Look(page, $"{path}/catalogue", "catalogue", width);
        await Look(page, $"{path}/destinations/new", "custom-api", width);
        await Look(page, $"{path}/destinations/{broken.Id}", "destination", width);
        await Look(page, $"{path}/destinations/{destination.Id}/developer", "developer", width);
        await Look(page, $"{path}/destinations/{destination.Id}/secret", "secret", width);
        await Look(page, $"{path}/destinations/{destination.Id}/headers", "headers", width);
        await Look(page, $"{path}/destinations/{destination.Id}/access-tokens", "access-tokens", width);
        await Look(page, $"{path}/destinations/{destination.Id}/certificate", "certificate", width);
        await Look(page, $"{path}/destinations/{destination.Id}/filter", "filter", width);
        await Look(page, $"{path}/destinations/{destination.Id}/mapping", "mapping", width);
        await Look(page, $"{path}/destinations/{destination.Id}/answers", "answers", width);
        await Look(page, $"{path}/destinations/{destination.Id}/pace", "pace", width);
        await Look(page, $"{path}/destinations/{destination.Id}/delete", "delete", width);
        await Look(page, $"{path}/destinations/{destination.Id}/off", "off", width);
        await Look(page, $"{path}/destinations/{destination.Id}/missed", "missed", width);
        await Look(page, $"{path}/leads", "leads", width);
        await Look(page, $"{path}/leads?q=jack", "found", width);
        await Look(page, $"{path}/leads?q=nobody", "nobody", width);
        await Look(page, $"{path}/leads/{delivery.GetProperty("lead_id")}", "lead", width);
        await Look(page, $"{path}/refused", "refused-leads", width);
        await Look(page, $"{path}/refused/{refused}", "refused-lead", width);
        await Look(page, $"{path}/deliveries", "deliveries", width);
        await Look(page, $"{path}/deliveries?state=dead&handler=Replay", "replay", width);
        await Look(page, $"{path}/deliveries/{delivery.GetProperty("event_id")}/{destination.Id}", "delivery", width);
        await Look(page, $"{path}/leads/{delivery.GetProperty("lead_id")}/erase", "erase", width);
        await Look(page, $"{path}/statement?destination={broken.Id}", "statement", width);
        await Look(page, $"{path}/changes", "changes", width);
        await Look(page, $"{path}/people", "people", width);
        await Look(page, $"{path}/person", "person", width);
        await Look(page, $"{path}/senders", "senders", width);
        await Look(page, $"{path}/replays", "replays", width);
        await Look(page, "/account", "account", width);
        await Look(page, "/account/password", "account-password", width);
        await Look(page, "/account/sessions", "account-sessions", width);
        await Look(page, "/account/tokens", "account-tokens", width);
        await Look(page, "/confirm", "confirm", width);
        await Look(page, "/nowhere", "not-found", width);

        await page.GotoAsync($"{path}/destinations/{broken.Id}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Run the go-live check" }).ClickAsync();
        await page.GetByText("Not passed.").WaitForAsync();
        await Look(page, page.Url, "check", width);
    }

    [Theory]
    [InlineData(1280, true)]
    [InlineData(390, false)]
    public async Task Pages_BeforeSigningIn_AreReadable(int width, bool dark)
    {
        var (_, link) = await browser.Invite();
        var page = await browser.Open(width, dark, script: true);
        await Look(page, "/sign-in", "sign-in", width);
        await Look(page, link, "invitation", width);
        await Look(page, "/guide/receivers", "guide", width);
        await Look(page, "/lost-password", "lost-password", width);
        var unsubscribe = await _router.Query<Guid>("select unsubscribe from accounts limit 1");
        await Look(page, $"/unsubscribe/{unsubscribe}", "unsubscribe", width);
    }

    [Theory]
    [InlineData(1280, true)]
    [InlineData(390, false)]
    public async Task Pages_OfAnOperator_AreReadable(int width, bool dark)
    {
        var site = await _router.CreateSite();
        var broken = await site.AddDestination("broken", url: $"http://127.0.0.1:{TestHost.FreePort()}/");
        await site.PostLead();
        await site.Delivery(broken, "dead");
        var made = await _router.Admin.PostAsJsonAsync("/api/integrations",
            new { name = "Valuations", description = "Tells your leads what their house is worth.", url = "https://valuations.test",
            secret = "s", published = true });
        var integration = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
        await site.Post("{}");
        await Eventually.True(async () => await _router.Query<long>("select count(*) from refused_requests") > 0, "the refusal is counted");
        var page = await browser.SignInAsOperator(width, dark, script: true);

        await Look(page, "/", "sites", width);
        foreach (var name in (string[])["", "/failing", "/dead-letters", "/sites", "/sites/new", "/products", "/refused", "/catalogue",
            "/catalogue/new", "/accounts", "/audit", "/find?q=site"])
            await Look(page, $"/operator{name}", $"operator{name.Split('?')[0].Replace('/', '-')}", width);
        await Look(page, $"/operator/sites/{site.Id}", "operator-site", width);
        var product = $"offered-{site.Id:N}";
        await _router.Admin.PostAsJsonAsync("/api/products", new { username = product, display_name = "Home Valuations" });
        await Look(page, $"/operator/products/{product}", "operator-product", width);
        await Look(page, "/operator/person", "operator-person", width);
        await Look(page, $"/operator/catalogue/{integration}", "operator-integration", width);
        await Look(page, $"/operator/catalogue/{integration}/format", "operator-format", width);
        await Look(page, "/operator/catalogue/new?ready_made=follow_up_boss", "operator-ready-made", width);
        await Look(page, $"/operator/sites/{site.Id}/destinations/{broken.Id}/promote", "operator-promote", width);
        await Look(page, $"/sites/{site.Id}/catalogue", "catalogue-card", width);
        await Look(page, $"/sites/{site.Id}/catalogue/{integration}", "connect", width);
    }

    internal static async Task Look(IPage page, string path, string name, int width)
    {
        await page.GotoAsync(path);
        await page.ScreenshotAsync(
            new PageScreenshotOptions { Path = Path.Combine(Browser.Screenshots, $"{name}-{width}.png"), FullPage = true });
        AssertNone((await page.RunAxe()).Violations);
        Assert.Equal(0, await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth"));

        // In the other colours only the contrast can differ.
        var isDark = await page.EvaluateAsync<bool>("matchMedia('(prefers-color-scheme: dark)').matches");
        await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = isDark ? ColorScheme.Light : ColorScheme.Dark });
        AssertNone((await page.RunAxe(new AxeRunOptions { RunOnly = RunOnlyOptions.Rules("color-contrast") })).Violations);
        await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = isDark ? ColorScheme.Dark : ColorScheme.Light });

        void AssertNone(AxeResultItem[] violations) => Assert.True(violations.Length == 0, $"{name} at {width}: "
            + string.Join("; ", violations.Select(violation => $"{violation.Id}: {violation.Nodes[0].Html}")));
    }
}
