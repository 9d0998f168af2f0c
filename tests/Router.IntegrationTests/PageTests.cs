using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Npgsql;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>What pages say is so: of paused and refusing destinations, of counts, times and names.</summary>
public sealed class PageTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Deliveries_ByStateAndLastAnswer_AreCountedAndFound()
    {
        var site = await _router.CreateSite();
        var (refusing, broken) = (await site.AddDestination("refusing"), await site.AddDestination("broken"));
        _router.Receiver.Answer(refusing.Path, 406);
        _router.Receiver.Answer(broken.Path, 503);
        await site.PostLead();
        await site.Delivery(refusing, "rejected");
        await site.Delivery(broken, "dead");
        using var browser = await SignIn();
        var all = await browser.Get($"/sites/{site.Id}/deliveries");
        Assert.Contains("All Waiting · 0 On hold · 0 Refused · 1 Failed for good · 1", all.Text,
            StringComparison.Ordinal);
        Assert.Contains("Narrow it down Destination", all.Text, StringComparison.Ordinal);
        foreach (var (answer, found) in new[] { ("503", "broken"), ("406", "refusing"), ("500", null), ("connection refused", null) })
        {
            var page = await browser.Get($"/sites/{site.Id}/deliveries?answer={Uri.EscapeDataString(answer)}");
            Assert.Contains("Narrow it down (1)", page.Text, StringComparison.Ordinal);
            Assert.Equal(answer, page.Field("answer"));
            foreach (var name in new[] { "broken", "refusing" })
                Assert.Equal(
                    name == found,
                    page.Html.Contains($"<td data-label=\"Destination\" class=\"line\">{name}</td>", StringComparison.Ordinal));
        }

        Assert.Contains("from 100 to 599", (await browser.Get($"/sites/{site.Id}/deliveries?answer=7")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Destination_PausedByTheRouter_IsOnEveryPageThatSaysHowAllIs()
    {
        using var browser = await SignIn();
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("exhausted");
        await site.Patch(destination, new { paused = true });
        await Eventually.True(async () => await IsHeld(site, destination), "what comes is held");
        // With its failures, or the router would find it well and resume it.
        await Execute("insert into destination_failures (destination_id, failures, since) values (@Id, 50, now())", destination);
        await Execute("update destinations set paused_by = 'router', pause_reason = '50 requests in a row failed.' where id = @Id",
            destination);

        Assert.Contains(destination.Id.ToString(), (await browser.Get("/operator/failing")).Html, StringComparison.Ordinal);
        var overview = await browser.Get("/operator");
        Assert.DoesNotContain("All is well", overview.Text, StringComparison.Ordinal);
        Assert.Contains("paused", overview.Text, StringComparison.Ordinal);
        var card = await browser.Get($"/?find={site.Id}");
        Assert.Contains("1 paused", card.Text, StringComparison.Ordinal);
        Assert.Contains("on hold", card.Text, StringComparison.Ordinal);
        var list = await browser.Get($"/sites/{site.Id}");
        Assert.Contains("by the router 50 requests in a row failed.", list.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("UTC", list.Text.Replace("Times are in UTC.", "", StringComparison.Ordinal), StringComparison.Ordinal);
        await site.Patch(destination, new { active = false });
    }

    [Fact]
    public async Task Destination_ThatRefusesEverything_SaysSo()
    {
        using var browser = await SignIn();
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("unwilling");
        _router.Receiver.Answer(destination.Path, 406);
        await site.PostLead();
        await site.Delivery(destination, "rejected");
        var list = await browser.Get($"/sites/{site.Id}");
        Assert.Contains("refuses its leads", list.Text, StringComparison.Ordinal);
        Assert.Contains("1 refused", list.Text, StringComparison.Ordinal);
        Assert.Contains("The receiver refuses each lead", (await browser.Get($"/sites/{site.Id}/destinations/{destination.Id}")).Text,
            StringComparison.Ordinal);

        _router.Receiver.Answer(destination.Path, 200);
        await site.PostLead();
        await site.Delivery(destination, "delivered");
        Assert.DoesNotContain("refuses its leads", (await browser.Get($"/sites/{site.Id}")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Destination_WhoseFirstAnswerIsStillToCome_FailsNot()
    {
        using var browser = await SignIn();
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("slow");
        var answer = new TaskCompletionSource();
        _router.Receiver.Answer(destination.Path, (_, _) => answer.Task);
        await site.PostLead();
        await Eventually.True(async () =>
            await _router.Query<bool>("select exists (select from deliveries where destination_id = @Id and attempts = 1)", destination),
            "it is under way");
        var text = (await browser.Get($"/sites/{site.Id}")).Text;
        answer.SetResult();
        Assert.DoesNotContain("not tried yet", text, StringComparison.Ordinal);
        Assert.DoesNotContain("failing since", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Destination_SwitchedOffWhileSomethingWaits_AsksAndOffersItAllAfterwards()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("asked");
        _router.Receiver.Answer(destination.Path, (context, _) =>
        {
            context.Response.StatusCode = 503;
            context.Response.Headers.RetryAfter = "3600";
            return Task.CompletedTask;
        });
        var lead = await site.PostLead();
        await site.Send(HttpMethod.Patch, $"/leads/{lead}", """{"city":"Kailua"}""");
        await site.Post("""[{"type":"note","source":"s"}]""", $"/leads/{lead}/activities");
        await Eventually.Equal((1, 2), async () => (
            await _router.Query<int>("select count(*)::int from deliveries where destination_id = @Id and status = 503", destination),
            await _router.Query<int>("select count(*)::int from deliveries where destination_id = @Id and state = 'held'", destination)),
            "all wait");

        using var browser = await SignIn();
        var list = await browser.Get($"/sites/{site.Id}");
        var question = await browser.Submit(list, "asked is active");
        Assert.EndsWith("/off", question.Path, StringComparison.Ordinal);
        Assert.Contains("3 deliveries wait for it: 1 new lead, 1 update and 1 message with activities.", question.Text,
            StringComparison.Ordinal);
        Assert.True(await _router.Query<bool>("select active from destinations where id = @Id", destination));
        var off = await browser.Submit(question, "Switch asked off");
        Assert.Equal(($"/sites/{site.Id}", $"#d-{destination.Id}"), (off.Path, off.Url.Fragment));
        Assert.Contains("3 waiting deliveries were canceled", off.Text, StringComparison.Ordinal);

        // A 410 leaves the same behind, and the lead itself.
        _router.Receiver.Answer(destination.Path, 200);
        await site.PostLead();
        await Eventually.True(async () =>
            (await site.Deliveries()).GetProperty("items").EnumerateArray()
            .Count(row => row.GetProperty("destination_id").GetGuid() == site.LeadManager.Id) == 4, "another one came");
        var on = await browser.Submit(await browser.Get($"/sites/{site.Id}/destinations/{destination.Id}"), "asked is active");
        Assert.Contains("While it was off it missed 2 new leads, 1 update and 1 message with activities.", on.Text,
            StringComparison.Ordinal);
        Assert.Equal("#active", on.Url.Fragment);
        var missed = await browser.Get($"/sites/{site.Id}/destinations/{destination.Id}/missed");
        Assert.Contains("Since then it missed 2 new leads, 1 update and 1 message with activities", missed.Text, StringComparison.Ordinal);
        await browser.Submit(missed, "Send all 4 now");
        await _router.Receiver.Wait(destination.Path, 5);
    }

    [Fact]
    public async Task Destination_Gone_GetsTheLeadThatItAnswered410ToAsWell()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("gone");
        _router.Receiver.Answer(destination.Path, 410);
        await site.PostLead();
        await site.Delivery(destination, "rejected");
        await Eventually.True(
            async () => !await _router.Query<bool>("select active from destinations where id = @Id", destination), "it is off");
        _router.Receiver.Answer(destination.Path, 200);
        await site.Patch(destination, new { active = true });
        using var started = await _router.Admin.PostAsJsonAsync(
            $"/api/sites/{site.Id}/replays",
            new { missed = true, destination = destination.Id, from = TimeProvider.System.GetUtcNow().AddHours(-1) });
        Assert.Equal(1, (await started.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("total").GetInt32());
        await site.Delivery(destination, "delivered");
    }

    [Fact]
    public async Task Waiting_AfterTheCauseIsFixed_IsTriedAtOnce()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("fixed");
        _router.Receiver.Answer(destination.Path, (context, _) =>
        {
            context.Response.StatusCode = 503;
            context.Response.Headers.RetryAfter = "3600";
            return Task.CompletedTask;
        });
        await site.PostLead();
        await Eventually.True(async () =>
            await _router.Query<int>("select count(*)::int from deliveries where destination_id = @Id and status = 503", destination) == 1,
            "it waits");
        _router.Receiver.Answer(destination.Path, 200);
        using var browser = await SignIn();
        var saved = await browser.Submit(
            await browser.Get($"/sites/{site.Id}/destinations/{destination.Id}"), "Save", ("name", "fixed again"));
        Assert.Equal("", saved.Url.Fragment);
        Assert.Contains("at once if you say so below", saved.Text, StringComparison.Ordinal);
        var tried = await browser.Submit(saved, "Try all of them now");
        Assert.Contains("1 delivery is being tried now", tried.Text, StringComparison.Ordinal);
        await site.Delivery(destination, "delivered");
    }

    [Theory]
    [InlineData("Lead Manager")]
    [InlineData("lead  manager")]
    [InlineData("LeadManager")]
    [InlineData("Ｌｅａｄ Ｍａｎａｇｅｒ")]
    [InlineData("Lead\u200DManager")]
    [InlineData("\u200C")]
    [InlineData("TAKEN")]
    [InlineData("ta ken")]
    public async Task Name_ThatLooksLikeAnother_IsRefusedEverywhere(string name)
    {
        var site = await _router.CreateSite();
        await site.AddDestination("Taken");
        var other = await site.AddDestination("Other");
        var path = $"/api/sites/{site.Id}/destinations";
        Assert.Equal(409, (int)(await _router.Admin.PostAsJsonAsync(path, new { name, url = "https://x.test", secret = "s" })).StatusCode);
        Assert.Equal(409, (int)(await _router.Admin.PatchAsJsonAsync($"{path}/{other.Id}", new { name })).StatusCode);
        var refused = await Assert.ThrowsAsync<PostgresException>(
            () => _router.Query<object>("update destinations set name = @name where id = @Id", new { name, other.Id }));
        Assert.StartsWith("23", refused.SqlState, StringComparison.Ordinal);

        using var browser = await SignIn();
        var added = await browser.Submit(await browser.Get($"/sites/{site.Id}/destinations/new"), "Save", ("name", name),
            ("url", "http://127.0.0.1/x"), ("secret", "kept"));
        Assert.NotEqual("", added.Error("name"));
        Assert.Equal("kept", added.Field("secret"));
        Assert.NotEqual("", (await browser.Submit(await browser.Get($"/sites/{site.Id}/destinations/{other.Id}"), "Save", ("name", name)))
            .Error("name"));
    }

    [Theory]
    [InlineData("a\u200Bb")]
    [InlineData("\u202Egnihtemos")]
    [InlineData("a\u2066b")]
    [InlineData("a\uFEFF")]
    public async Task Name_WithWhatNobodySees_IsRefusedInWords(string name)
    {
        var site = await _router.CreateSite();
        using var response = await _router.Admin.PostAsJsonAsync(
            $"/api/sites/{site.Id}/destinations", new { name, url = "https://x.test", secret = "s" });
        Assert.Equal(422, (int)response.StatusCode);
        Assert.Contains("nobody sees (U+", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(422, (int)(await _router.Admin.PatchAsJsonAsync($"/api/sites/{site.Id}", new { name })).StatusCode);
    }

    [Fact]
    public async Task Integration_CalledLeadManager_IsRefused()
    {
        using var response = await _router.Admin.PostAsJsonAsync(
            "/api/integrations", new { name = "lead manager", description = "d", url = "https://x.test", secret = "s" });
        Assert.Equal(409, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("https://www.X.test/", "www.x.test")]
    [InlineData("WWW.x.test", "www.x.test")]
    [InlineData(" www.x.test:8443/path?q#f ", "www.x.test")]
    [InlineData("//x.test.", "x.test")]
    [InlineData("häuser.test", "xn--huser-gra.test")]
    [InlineData("192.0.2.7", "192.0.2.7")]
    [InlineData("ann@x.test", null)]
    [InlineData("www x.test", null)]
    [InlineData("ftp://x.test", null)]
    [InlineData("2130706433", null)]
    [InlineData("https://", null)]
    public async Task Domain_OfASite_IsAHostName(string entered, string? stored)
    {
        var site = await _router.CreateSite();
        using var changed = await _router.Admin.PatchAsJsonAsync($"/api/sites/{site.Id}", new { domain = entered });
        Assert.Equal(stored is null ? 422 : 200, (int)changed.StatusCode);
        Assert.Equal(stored ?? "www.site.test", await _router.Query<string>("select domain from sites where id = @Id", new { site.Id }));
        using var browser = await SignIn();
        var page = await browser.Submit(await browser.Get($"/operator/sites/{site.Id}"), "Save", ("domain", entered));
        Assert.Equal(stored is null, page.Error("domain").Length > 0);
        await Assert.ThrowsAsync<PostgresException>(
            () => _router.Query<object>("update sites set domain = 'https://www.x.test/' where id = @Id", new { site.Id }));
    }

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
    public async Task Delivery_OfHalfACharacterOrDeepNesting_IsShownOnceWithItsBytes()
    {
        var site = await _router.CreateSite();
        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        var count = 0;
        var deep = new string('[', 55) + "1" + new string(']', 55);
        foreach (var body in new[] { "{\"source\":\"s\",\"first_name\":\"Ann \\ud83d\",\"last_name\":\"\\u0026 😀\"}",
            $$"""{"source":"s","email":"a@b.test","deep":{{deep}}}""" })
        {
            Assert.Equal(201, (int)(await site.Post(body)).StatusCode);
            var sent = (await _router.Receiver.Wait(site.LeadManager.Path, ++count))[^1];
            var path = $"/sites/{site.Id}/deliveries/{sent.MessageId}/{site.LeadManager.Id}";
            await Eventually.True(async () => (await owner.Http.GetAsync(path)).IsSuccessStatusCode, "it is in the ledger");
            using var page = await owner.Http.GetAsync(path);
            Assert.Equal(200, (int)page.StatusCode);
            var bytes = await owner.Http.GetByteArrayAsync($"{path}?handler=Body");
            Assert.Equal(sent.Body, bytes);
        }
    }

    [Fact]
    public async Task Delivery_WithManyAttempts_ShowsItsBodyOnce()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("large");
        _router.Receiver.Answer(destination.Path, 500);
        await site.PostLead($"MARKER{new string('x', 300_000)}");
        var delivery = await site.Delivery(destination, "dead");
        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        var page = await owner.Http.GetStringAsync(
            $"/sites/{site.Id}/deliveries/{delivery.GetProperty("event_id").GetString()}/{destination.Id}");
        Assert.InRange(page.Length, 60_000, 120_000);
        Assert.Single(System.Text.RegularExpressions.Regex.Matches(page, "MARKER"));
    }

    [Theory]
    [InlineData("Zoë")]
    [InlineData("王")]
    [InlineData("no such thing")]
    public async Task Answer_SeenByAnOperator_IsItsSizeAlone(string answer)
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("talks");
        _router.Receiver.Answer(destination.Path, async (context, _) =>
        {
            context.Response.StatusCode = 422;
            await context.Response.Body.WriteAsync(System.Text.Encoding.UTF8.GetBytes(answer));
        });
        await site.PostLead();
        var delivery = await site.Delivery(destination, "dead");
        var size = System.Text.Encoding.UTF8.GetByteCount(answer);
        Assert.All(delivery.GetProperty("attempts").EnumerateArray(), attempt => Assert.Equal(
            ("", size, true), (attempt.GetProperty("response_body").GetString(), attempt.GetProperty("response_size").GetInt32(),
                attempt.GetProperty("response_hidden").GetBoolean())));
        using var browser = await SignIn();
        var page = await browser.Get($"/sites/{site.Id}/deliveries/{delivery.GetProperty("event_id").GetString()}/{destination.Id}");
        Assert.DoesNotContain(answer, page.Text, StringComparison.Ordinal);
        Assert.Contains($"An answer of {size} bytes", page.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replay_OfWhatCannotBeSent_SaysWhy()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("off");
        _router.Receiver.Answer(destination.Path, 500);
        await site.PostLead();
        await site.Delivery(destination, "dead");
        await site.Patch(destination, new { active = false });
        var now = TimeProvider.System.GetUtcNow();
        foreach (var (filter, words) in new (object, string)[]
        {
            (new { state = "dead", from = now, to = now.AddHours(-1) }, "must be before"),
            (new { state = "dead", destination = Guid.NewGuid() }, "no destination of this site"),
            (new { state = "dead", to = now.AddDays(-60) }, "contents from before it are deleted"),
            (new { state = "dead", destination = destination.Id }, "is off"),
        })
        {
            using var refused = await _router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/replays", filter);
            Assert.Equal(422, (int)refused.StatusCode);
            Assert.Contains(words, await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        using var started = await _router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/replays", new { state = "dead" });
        var job = await started.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((0, 1), (job.GetProperty("total").GetInt32(), job.GetProperty("left_out").GetProperty("destination_off").GetInt32()));
    }

    [Fact]
    public async Task DeadLetter_MovedBackToADestinationThatIsOff_CountsNoAttempt()
    {
        await using var router = await RouterFixture.Start(shared.Servers, workers: 1, ("Delivery:RetrySchedule", ""));
        var site = await router.CreateSite();
        var destination = await site.AddDestination("off");
        router.Receiver.Answer(destination.Path, 500);
        await site.PostLead();
        await site.Delivery(destination, "dead");
        await site.Patch(destination, new { active = false });
        await router.Broker.Move(router.VirtualHost, "lead-dead-letters", "lead-retries");
        await site.Delivery(destination, "canceled");
        Assert.Equal((1, 1), (
            await router.Query<int>("select attempts from deliveries where destination_id = @Id and state = 'canceled'", destination),
            await router.Query<int>("select count(*)::int from attempts a join lead_events e on e.id = a.event_id "
                + "where a.destination_id = @Id and e.action = 'created'", destination)));
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
    public async Task Secret_ThatCanBeGuessed_IsSavedWithAWarning()
    {
        var site = await _router.CreateSite();
        using var browser = await SignIn();
        var saved = await browser.Submit(await browser.Get($"/sites/{site.Id}/destinations/new"), "Save", ("name", "weak"),
            ("url", "http://127.0.0.1/x"), ("secret", "abc"));
        Assert.Contains("weak is saved", saved.Text, StringComparison.Ordinal);
        Assert.Contains("short enough to be guessed", saved.Text, StringComparison.Ordinal);
        Assert.Equal("", saved.Url.Fragment);
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

    private async Task<bool> IsHeld(TestSite site, TestDestination destination)
    {
        await site.PostLead();
        return await _router.Query<bool>(
            "select exists (select from deliveries where destination_id = @Id and state = 'held')", destination);
    }

    private async Task<Browserless> SignIn()
    {
        var browser = new Browserless(_router.Api.Url);
        Assert.Equal(200, (await browser.SignIn(RouterFixture.OperatorsEmail, RouterFixture.OperatorsPassword)).Status);
        return browser;
    }

    private async Task Execute(string sql, object parameters)
    {
        await using var database = await _router.OpenDatabase();
        await Dapper.SqlMapper.ExecuteAsync(database, sql, parameters);
    }
}
