using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>What pages say is so: lists, searches, statements and changes, and what is kept over a sign-in.</summary>
public sealed class PageTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Lists_OfAccountsTokensAndIntegrations_TakeALimitAndACursor()
    {
        for (var i = 0; i < 3; i++)
        {
            await _router.Admin.PostAsJsonAsync("/api/accounts", new { email = $"{Guid.NewGuid():N}@x.test" });
            await _router.Admin.PostAsJsonAsync("/api/tokens", new { name = "listed" });
            await _router.Admin.PostAsJsonAsync(
                "/api/integrations", new { name = "listed", description = "d", url = "https://x.test", secret = "s" });
        }

        foreach (var path in new[] { "/api/accounts", "/api/tokens", "/api/integrations" })
        {
            var seen = new HashSet<string>(StringComparer.Ordinal);
            string? cursor = null;
            for (var i = 0; i < 2 || cursor is not null && i < 5; i++)
            {
                var page = await _router.Admin.GetFromJsonAsync<JsonElement>(
                    $"{path}?limit=1{(cursor is null ? "" : $"&cursor={cursor}")}");
                Assert.True(seen.Add(page.GetProperty("items").EnumerateArray().Single().GetProperty("id").GetString()!), path);
                cursor = page.GetProperty("next").GetString();
            }
        }
    }

    [Fact]
    public async Task Search_ForAPercentSign_FindsNoSiteWithoutOne()
    {
        using var browser = await SignIn();
        var site = await _router.CreateSite();
        await _router.Admin.PatchAsJsonAsync($"/api/sites/{site.Id}", new { name = $"a_b {site.Id}" });
        Assert.Contains(site.Id.ToString(), (await browser.Get($"/?find=a_b%20{site.Id}")).Html, StringComparison.Ordinal);
        foreach (var other in new[] { "%25", $"aXb%20{site.Id}" })
            Assert.Contains("No site is called that", (await browser.Get($"/?find={other}")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Statement_WithADeletedDestination_MarksItAndTellsTheKindsApart()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("former");
        var lead = await site.PostLead();
        await site.Delivery(destination, "delivered");
        await site.Send(HttpMethod.Patch, $"/leads/{lead}", """{"city":"Kailua"}""");
        await site.Delivery(destination, "delivered", action: "updated");
        await _router.Admin.DeleteAsync($"/api/sites/{site.Id}/destinations/{destination.Id}");
        using var browser = await SignIn();
        var page = await browser.Get($"/sites/{site.Id}/statement?days=7");
        Assert.Contains("Last 7 days : since", page.Text, StringComparison.Ordinal);
        Assert.Contains("Received: 1 new lead and 1 update.", page.Text, StringComparison.Ordinal);
        Assert.Contains("former (deleted)", page.Text, StringComparison.Ordinal);
        Assert.Contains("former (deleted)", (await browser.Get($"/sites/{site.Id}/deliveries")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Changes_OfADestination_AreInWordsAndInTheReadersTime()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("changed");
        await site.Patch(destination, new { paused = true, max_in_flight = 3, partner_id = "new" });
        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        await owner.Submit("/account?handler=TimeZone", ("time_zone", "Asia/Tokyo"));
        var text = WebUtility.HtmlDecode(await owner.Http.GetStringAsync($"/sites/{site.Id}/changes"));
        foreach (var words in new[] { "paused: no → ", "paused by: nothing → a person", "requests at once: the default → 3",
            "Partner ID: partner changed → new" })
            Assert.Contains(words, text, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"\d{4}-\d\d-\d\dT\d\d:\d\d[^""]*<br>", text);
    }

    [Fact]
    public async Task Search_ThatIsMalformed_SaysNothingOfSaving()
    {
        using var browser = await SignIn();
        var site = await _router.CreateSite();
        var page = await browser.Get($"/sites/{site.Id}/deliveries?lead=nonsense");
        Assert.Contains("One field needs another look.", page.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("saved", page.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Guide_ForReceivers_IsThereForAnybody()
    {
        using var nobody = new Browserless(_router.Api.Url);
        var guide = await nobody.Get("/guide/receivers");
        Assert.Equal((200, "/guide/receivers"), (guide.Status, guide.Path));
        Assert.Contains("X-Lead-Router-Signature", guide.Text, StringComparison.Ordinal);
        Assert.Contains("id=\"standard-webhooks\"", guide.Html, StringComparison.Ordinal);
        Assert.DoesNotContain(".md\"", guide.Html, StringComparison.Ordinal);
        using var browser = await SignIn();
        Assert.Contains("href=\"/guide/receivers\"", (await browser.Get($"/sites/{(await _router.CreateSite()).Id}/destinations/new")).Html,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Form_SentAfterTheSessionEnded_IsFilledInAgainAfterSigningIn()
    {
        var site = await _router.CreateSite();
        using var browser = await SignIn();
        var form = await browser.Get($"/sites/{site.Id}/destinations/new");
        await browser.Submit(form, "Sign out");
        var signIn = await browser.Submit(
            form, "Save", ("name", "Typed at length"), ("url", "http://127.0.0.1/typed"), ("signature", "both"));
        Assert.Equal("/sign-in", signIn.Path);
        var again = await browser.Submit(
            signIn, "Sign in", ("email", RouterFixture.OperatorsEmail), ("password", RouterFixture.OperatorsPassword));
        Assert.Equal(form.Path, again.Path);
        Assert.Equal(("Typed at length", "http://127.0.0.1/typed", "both"),
            (again.Field("name"), again.Field("url"), again.Field("signature")));
        Assert.Contains("filled in again", again.Text, StringComparison.Ordinal);
        Assert.Equal("", (await browser.Get(form.Path)).Field("name"));
    }

    [Fact]
    public async Task Erasure_AskedByAnOwner_SaysWhoIsErased()
    {
        var site = await _router.CreateSite();
        var lead = Guid.NewGuid().ToString("N");
        await site.Post($$"""{"id":"{{lead}}","source":"s","email":"ann@mail.test","first_name":"Ann","last_name":"Miller"}""");
        await site.Delivery(site.LeadManager, "delivered");
        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        Assert.Contains("Ann Miller, ann@mail.test", await owner.Http.GetStringAsync($"/sites/{site.Id}/leads/{lead}/erase"),
            StringComparison.Ordinal);
        using var browser = await SignIn();
        Assert.DoesNotContain("ann@mail.test", (await browser.Get($"/sites/{site.Id}/leads/{lead}/erase")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Owner_OfOneSite_HasNoLinkThatLeadsBackToWhereItIs()
    {
        var site = await _router.CreateSite();
        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        var page = await owner.Http.GetStringAsync($"/sites/{site.Id}");
        Assert.DoesNotContain(">Sites<", page, StringComparison.Ordinal);
        Assert.Contains(">Your site<", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Integration_WhosePartnerIdIsAKey_IsListedByItsOwnWordAndCut()
    {
        var site = await _router.CreateSite();
        using var made = await _router.Admin.PostAsJsonAsync(
            "/api/integrations", new { name = "Keyed", description = "d", url = "https://x.test", secret = "s",
                partner_id_label = "API key", published = true });
        var integration = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
        using var connected = await _router.Admin.PostAsJsonAsync(
            $"/api/sites/{site.Id}/destinations", new { integration_id = integration, partner_id = "sk-live-0123456789", active = false });
        var id = (await connected.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
        using var browser = await SignIn();
        var list = await browser.Get($"/sites/{site.Id}");
        Assert.Contains("API key …6789", list.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("sk-live", list.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(
            "present URL and secret", (await browser.Get($"/sites/{site.Id}/destinations/{id}")).Text, StringComparison.Ordinal);
    }

    private async Task<Browserless> SignIn()
    {
        var browser = new Browserless(_router.Api.Url);
        Assert.Equal(200, (await browser.SignIn(RouterFixture.OperatorsEmail, RouterFixture.OperatorsPassword)).Status);
        return browser;
    }
}
