using Microsoft.AspNetCore.Http;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Router.BrowserTests;

/// <summary>What a site's owner does, in a browser without script.</summary>
public sealed class OwnerTests(Browser browser) : IClassFixture<Browser>
{
    private readonly RouterFixture _router = browser.Router;

    [Fact]
    public async Task Owner_FromTheInvitation_GetsALeadAtANewCustomApi()
    {
        var site = await _router.CreateSite();
        var (email, link) = await browser.Invite(site);
        var page = await browser.Open();

        // The invitation, a password that is too short, then a good one; one site, so straight to it.
        await page.GotoAsync(link);
        await page.GetByLabel("Password").FillAsync("short");
        await Button(page, "Save and sign in").ClickAsync();
        await Expect(page.Locator("#password-error")).ToContainTextAsync("at least 12 characters");
        await page.GetByLabel("Password").FillAsync(Browser.Password);
        await Button(page, "Save and sign in").ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex($"/sites/{site.Id}$"));

        // The link is used up; the password is what counts from now on.
        await Button(page, "Sign out").ClickAsync();
        await page.GotoAsync(link);
        await Expect(page.GetByText("This link was used already")).ToBeVisibleAsync();
        await page.GotoAsync($"/sites/{site.Id}");
        await page.GetByLabel("E-mail").FillAsync(email);
        await page.GetByLabel("Password").FillAsync("wrong password here");
        await Button(page, "Sign in").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("do not fit together");
        await Expect(page.GetByLabel("E-mail")).ToHaveValueAsync(email);
        await page.GetByLabel("Password").FillAsync(Browser.Password);
        await Button(page, "Sign in").ClickAsync();

        // Where they wanted to go.
        await Expect(page).ToHaveURLAsync(new Regex($"/sites/{site.Id}$"));
        await page.GetByRole(AriaRole.Link, new() { Name = "Add a Custom API" }).ClickAsync();
        await page.GetByLabel("Name").FillAsync("Our newsletter");
        await page.GetByLabel("URL").FillAsync(new Uri(_router.Receiver.Url, $"/newsletter-{site.Id:N}").AbsoluteUri);
        await page.GetByLabel("Partner ID").FillAsync("news-7");
        await Button(page, "Generate a secret").ClickAsync();
        await Expect(page.GetByLabel("Name")).ToHaveValueAsync("Our newsletter");
        var secret = await page.GetByLabel("Secret").InputValueAsync();
        Assert.StartsWith("whsec_", secret, StringComparison.Ordinal);
        await Button(page, "Save").ClickAsync();

        await Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("Our newsletter is saved");
        Assert.DoesNotContain(secret, await page.ContentAsync(), StringComparison.Ordinal);
        await Button(page, "Send a test lead").ClickAsync();
        await Expect(page.GetByText("It works: the receiver took the test lead.")).ToBeVisibleAsync();
        var test = Assert.Single(_router.Receiver.At($"/newsletter-{site.Id:N}"));
        Assert.True(test.IsSignedWith(secret));
        Assert.True(test.Json.GetProperty("test").GetBoolean());
        Assert.DoesNotContain(_router.Receiver.At(site.LeadManager.Path), request => request.Json.TryGetProperty("test", out _));

        var lead = await site.PostLead();
        var arrived = (await _router.Receiver.Wait($"/newsletter-{site.Id:N}", 2))[1];
        Assert.True(arrived.IsSignedWith(secret));
        Assert.Equal(("news-7", lead), (arrived.Json.GetProperty("partner_id").GetString(), arrived.Json.GetProperty("id").GetString()));

        await Eventually.True(
            async () =>
            {
                await page.GotoAsync($"/sites/{site.Id}");
                return await page.GetByRole(AriaRole.Region, new() { Name = "Our newsletter" }).GetByText("delivering").CountAsync() == 1
                    && await page.GetByRole(AriaRole.Img, new() { Name = "Last 24 hours: 1 delivered, 0 failed" }).CountAsync() == 2;
            },
            "the page says that it delivers");
    }

    [Fact]
    public async Task Lead_RefusedForATypingError_IsCorrectedAndArrives()
    {
        var site = await _router.CreateSite();
        await site.Refused("""{"source":"Website","email":"eve@mail.test","activities":[{"source":"Website"}]}""");
        var page = await browser.SignInAsOwner([site]);
        await page.GetByRole(AriaRole.Link, new() { Name = "See what was refused" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "A new lead" }).ClickAsync();
        await Expect(page.GetByText("Activity field 'type' is required.")).ToBeVisibleAsync();
        var contents = page.GetByLabel("What was sent, as JSON");
        await Expect(contents).ToHaveValueAsync(new Regex("eve@mail.test"));

        // Corrected in the wrong place: it says so, and keeps what was typed.
        await contents.FillAsync("""{"source":"Website","email":"eve@mail.test","activities":[{"type":7.5.1}]}""");
        await Button(page, "Accept it").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("not valid JSON");
        await Expect(contents).ToHaveValueAsync(new Regex("7.5.1"));
        await contents.FillAsync("""{"source":"Website","email":"eve@mail.test","activities":[{"type":"tour_requested"}]}""");
        await Button(page, "Accept it").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status).First).ToContainTextAsync("It is accepted and on its way");
        var arrived = Assert.Single(await _router.Receiver.Wait(site.LeadManager.Path, 1));
        Assert.Equal("eve@mail.test", arrived.Json.GetProperty("email").GetString());
        await Expect(page.GetByText("Nothing waits for a correction.")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task LeadManager_OnTheOwnersPages_IsLockedAndSaysWhy()
    {
        var site = await _router.CreateSite();
        var page = await browser.SignInAsOwner([site]);
        var leadManager = page.GetByRole(AriaRole.Region, new() { Name = "Lead Manager" });
        await Expect(leadManager).ToContainTextAsync("Always on");
        await Expect(leadManager).ToContainTextAsync("even when every other destination fails");
        await Expect(leadManager.GetByRole(AriaRole.Switch)).ToHaveCountAsync(0);

        await leadManager.GetByRole(AriaRole.Link, new() { Name = "Lead Manager", Exact = true }).ClickAsync();
        await Expect(page.GetByText("always on and cannot be deleted")).ToBeVisibleAsync();
        await Expect(page.GetByLabel("URL")).ToHaveCountAsync(0);
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Delete" })).ToHaveCountAsync(0);
        var response = await page.GotoAsync($"/sites/{site.Id}/destinations/{site.LeadManager.Id}/delete");
        Assert.Equal(404, response!.Status);
    }

    [Fact]
    public async Task CustomApi_WithMistakes_KeepsWhatWasTypedAndSaysWhatIsWrong()
    {
        var site = await _router.CreateSite();
        var page = await browser.SignInAsOwner([site]);
        await page.GotoAsync($"/sites/{site.Id}/destinations/new");
        await page.GetByLabel("Name").FillAsync("With mistakes");
        await page.GetByLabel("Partner ID").FillAsync("7");
        await page.GetByLabel("URL").FillAsync("https://user:password@example.test/leads");
        await Button(page, "Save").ClickAsync();

        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("2 fields need another look");
        await Expect(page.Locator("#url-error")).ToContainTextAsync("must not hold a username");
        await Expect(page.Locator("#secret-error")).ToContainTextAsync("The secret is required");
        await Expect(page.GetByLabel("Name")).ToHaveValueAsync("With mistakes");
        await Expect(page.GetByLabel("Partner ID")).ToHaveValueAsync("7");
        await Expect(page.GetByLabel("URL")).ToHaveAttributeAsync("aria-invalid", "true");

        // Nobody listens there: the test says so, and what to do.
        await page.GetByLabel("URL").FillAsync($"http://127.0.0.1:{TestHost.FreePort()}/leads");
        await page.GetByLabel("Secret").FillAsync("a secret");
        await Button(page, "Save").ClickAsync();
        await Button(page, "Send a test lead").ClickAsync();
        await Expect(page.GetByText("First request: connection refused")).ToBeVisibleAsync();
        await Expect(page.GetByText("nothing listens on that port")).ToBeVisibleAsync();
        await page.GetByText("The request", new() { Exact = true }).ClickAsync();
        await Expect(page.GetByText("X-Lead-Router-Message-Id")).ToBeVisibleAsync();

        await site.PostLead();
        await Eventually.True(
            async () =>
            {
                await page.GotoAsync($"/sites/{site.Id}");
                return await page.GetByText(new Regex("failing since \\d\\d:\\d\\d: connection refused")).CountAsync() == 1;
            },
            "the page says that it fails");
    }

    [Fact]
    public async Task Secret_Rotated_IsShownOnceAndBothSign()
    {
        var site = await _router.CreateSite();
        var old = $"whsec_{Convert.ToBase64String(new byte[24])}";
        var destination = await site.AddDestination("rotated", signature: "both", secret: old);
        var page = await browser.SignInAsOwner([site]);
        await page.GotoAsync($"/sites/{site.Id}/destinations/{destination.Id}");
        await page.GetByRole(AriaRole.Link, new() { Name = "Give it a new one" }).ClickAsync();
        await Expect(page.GetByText("For 24 hours each lead is signed with the old and the new secret")).ToBeVisibleAsync();
        await Button(page, "Save the new secret").ClickAsync();
        var secret = (await page.Locator("pre.secret").InnerTextAsync()).Trim();
        Assert.StartsWith("whsec_", secret, StringComparison.Ordinal);

        await page.GotoAsync($"/sites/{site.Id}/destinations/{destination.Id}");
        Assert.DoesNotContain(secret, await page.ContentAsync(), StringComparison.Ordinal);
        await Expect(page.GetByText("The secret before this one is valid until")).ToBeVisibleAsync();

        await Task.Delay(1000, TestContext.Current.CancellationToken);
        await site.PostLead();
        var request = (await _router.Receiver.Wait(destination.Path, 1))[0];
        Assert.True(request.IsSignedWith(secret));
        Assert.Equal(2, request.Headers["webhook-signature"].Split(' ').Length);
    }

    [Fact]
    public async Task Delivery_GivenUp_IsReplayedAloneAndWithAllOfItsKind()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("mended");
        _router.Receiver.Answer(destination.Path, async (context, _) =>
        {
            context.Response.StatusCode = 500;
            await context.Response.WriteAsync("out of <b>order</b>");
        });
        for (var i = 0; i < 3; i++)
            await site.PostLead();
        await Eventually.True(
            async () => (await site.Deliveries()).GetProperty("items").EnumerateArray()
                .Count(item => item.GetProperty("state").GetString() == "dead") == 3, "all are dead");
        _router.Receiver.Answer(destination.Path, 200);

        var page = await browser.SignInAsOwner([site]);
        await page.GetByRole(AriaRole.Link, new() { Name = "3 failed for good" }).ClickAsync();
        await page.Locator("tbody tr").First.GetByRole(AriaRole.Link).First.ClickAsync();
        await Expect(page.GetByText("attempt: answered 500")).ToHaveCountAsync(4);
        await Expect(page.GetByText("out of <b>order</b>").First).ToBeVisibleAsync();
        await page.GetByText("The request's body", new() { Exact = true }).ClickAsync();
        await Expect(page.Locator("pre.copy")).ToContainTextAsync("jack@mail.test");
        await page.GetByText("The request's headers", new() { Exact = true }).First.ClickAsync();
        await Expect(page.GetByText("X-Lead-Router-Message-Id").First).ToBeVisibleAsync();
        await Button(page, "Replay").ClickAsync();
        await Expect(page.GetByText("5th attempt: answered 200")).ToBeVisibleAsync();
        Assert.Single(_router.Receiver.At(destination.Path), request => request.Attempt == 5);

        await page.GotoAsync($"/sites/{site.Id}/deliveries?destination={destination.Id}&state=dead");
        await page.GetByRole(AriaRole.Link, new() { Name = "Replay all of these (2)" }).ClickAsync();
        await Button(page, "Replay 2").ClickAsync();
        await Expect(page.GetByText("2 are sent again.")).ToBeVisibleAsync();
        await Eventually.True(
            () => _router.Receiver.At(destination.Path).Count(request => request.Attempt == 5) == 3, "the other two arrived");
    }

    [Fact]
    public async Task Owner_LooksForAPerson_AndSeesWhatBecameOfTheLead()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("Blue Door CRM");
        _router.Receiver.Answer(destination.Path, 401);
        foreach (var name in new[] { "Ann Keo", "Luis Ortega" })
        {
            var (first, last) = (name.Split(' ')[0], name.Split(' ')[1]);
            (await site.Post($$"""{"first_name":"{{first}}","last_name":"{{last}}","email":"{{first}}@mail.test","source":"Web"}"""))
                .EnsureSuccessStatusCode();
        }

        await Eventually.Equal(
            2, () => _router.Query<long>("select count(*) from leads where site_id = @Id", new { site.Id }), "both are there");
        await site.Delivery(destination, "dead");
        var page = await browser.SignInAsOwner([site]);
        await page.GetByRole(AriaRole.Link, new() { Name = "Leads", Exact = true }).ClickAsync();
        await page.GetByLabel("Find a person").FillAsync("keo");
        await Button(page, "Find").ClickAsync();
        await Expect(page.Locator("tbody tr")).ToHaveCountAsync(1);
        await Expect(page.GetByRole(AriaRole.Row).Last).ToContainTextAsync("Blue Door CRM failed for good");
        await page.GetByRole(AriaRole.Link, new() { Name = "Ann Keo" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Ann Keo" })).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Row, new() { Name = "Blue Door CRM" })).ToContainTextAsync("failed for good");
        await page.GetByRole(AriaRole.Link, new() { Name = "failed for good" }).ClickAsync();
        await Expect(page.GetByText("answered 401").First).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Destination_SwitchedOffAndDeleted_SaysWhatHappensToWhatWaits()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("waiting");
        _router.Receiver.Answer(destination.Path, async (context, _) =>
        {
            context.Response.StatusCode = 503;
            context.Response.Headers.RetryAfter = "3600";
            await Task.CompletedTask;
        });
        await site.PostLead();
        await Eventually.True(async () =>
            (await site.Delivery(destination, "retrying")).GetProperty("last_status").ValueKind is not System.Text.Json.JsonValueKind.Null,
            "it waits");

        var page = await browser.SignInAsOwner([site]);
        var card = page.GetByRole(AriaRole.Region, new() { Name = "waiting" });
        await card.GetByRole(AriaRole.Switch, new() { Name = "waiting is active" }).ClickAsync();
        await Expect(page.GetByText("1 delivery waits for it (1 new lead). It is canceled.")).ToBeVisibleAsync();
        await Button(page, "Switch waiting off").ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex($"/sites/{site.Id}#d-{destination.Id}$"));
        await Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("1 waiting delivery was canceled");
        await Expect(card.GetByRole(AriaRole.Switch)).ToHaveAttributeAsync("aria-checked", "false");
        await site.Delivery(destination, "canceled");

        await card.GetByRole(AriaRole.Link, new() { Name = "waiting", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Delete waiting" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Delete waiting?" })).ToBeVisibleAsync();
        await Button(page, "Delete waiting").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("waiting is deleted");
        await Expect(card).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Destination_PausedAndResumed_HoldsItsLeadsMeanwhile()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("patient");
        var page = await browser.SignInAsOwner([site]);
        await page.GotoAsync($"/sites/{site.Id}/destinations/{destination.Id}");
        await Button(page, "Pause").ClickAsync();
        await Expect(page.GetByText(new Regex("paused since \\d\\d:\\d\\d"))).ToBeVisibleAsync();
        await Task.Delay(1000, TestContext.Current.CancellationToken);
        await site.PostLead();
        await Eventually.True(
            async () =>
            {
                await page.ReloadAsync();
                return await page.GetByRole(AriaRole.Link, new() { Name = "1 on hold" }).CountAsync() == 1;
            },
            "the page says that one is held");
        await Button(page, "Resume now").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("patient goes on");
        await _router.Receiver.Wait(destination.Path, 1);
    }

    [Fact]
    public async Task Account_PasswordAndTokens_AreChangedAndRevoked()
    {
        var site = await _router.CreateSite();
        var page = await browser.SignInAsOwner([site]);
        await page.GotoAsync("/account/tokens");
        await page.GetByLabel("Name of a new token").FillAsync("export");
        await Button(page, "Make a token").ClickAsync();
        var token = (await page.Locator("pre.secret").InnerTextAsync()).Trim();
        using var http = new HttpClient { BaseAddress = _router.Api.Url };
        http.DefaultRequestHeaders.Authorization = new("Bearer", token);
        Assert.Equal(200, (int)(await http.GetAsync($"/api/sites/{site.Id}")).StatusCode);

        await page.GotoAsync("/account/tokens");
        Assert.DoesNotContain(token, await page.ContentAsync(), StringComparison.Ordinal);
        await Button(page, "Revoke export").ClickAsync();
        Assert.Equal(401, (int)(await http.GetAsync($"/api/sites/{site.Id}")).StatusCode);

        await page.GotoAsync("/account/password");
        await page.GetByLabel("Present password").FillAsync("not this one at all");
        await page.GetByLabel("New password").FillAsync("another long password");
        await Button(page, "Change password").ClickAsync();
        await Expect(page.Locator("#current_password-error")).ToContainTextAsync("not your present password");
        await page.GetByLabel("Present password").FillAsync(Browser.Password);
        await page.GetByLabel("New password").FillAsync("another long password");
        await Button(page, "Change password").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("Your password is changed");
    }

    private static ILocator Button(IPage page, string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });
}
