using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>What a site may have: refused with a sentence to owners at a limit, set by operators, and no lead is refused for it.</summary>
public sealed class SiteLimitsTests(OperatorRouter shared, TestServers servers) : IClassFixture<OperatorRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Destinations_AsManyAsTheSiteMayHave_TheNextOneIsRefusedUntilAnOperatorLetsItHaveMore()
    {
        var site = await _router.CreateSite();
        using var owner = await Owner(site);
        await Limit(site, new { destinations = 2 });
        await Made(owner, site, "one");
        await Made(owner, site, "two");
        Assert.Equal(
            (HttpStatusCode.Conflict, "This site may have 2 destinations besides Lead Manager, and has 2. Delete one that is no longer "
                + "used, or ask the operator of this router for more."), await Make(owner, site, "three"));
        Assert.Equal(
            (2, 2, true), Of(await owner.GetFromJsonAsync<JsonElement>($"/api/sites/{site.Id}/limits"), "destinations"));

        using (var refused = await owner.PatchAsJsonAsync($"/api/sites/{site.Id}", new { limits = new { destinations = 9 } }))
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        await site.PostLead();
        await Limit(site, new { destinations = 3 });
        await Made(owner, site, "three");

        Assert.Equal(HttpStatusCode.Conflict, (await Make(owner, site, "four")).Status);
        await Limit(site, new { });
        await Made(owner, site, "four");
        Assert.Equal((3 + 1, 100, false), Of(await owner.GetFromJsonAsync<JsonElement>($"/api/sites/{site.Id}/limits"), "destinations"));
    }

    [Fact]
    public async Task Destinations_MadeAtTheSameTime_AreNoMoreThanTheSiteMayHave()
    {
        var site = await _router.CreateSite();
        using var owner = await Owner(site);
        await Limit(site, new { destinations = 3 });
        var made = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => Make(owner, site, $"at once {i}")));
        Assert.Equal(3, made.Count(answer => answer.Status == HttpStatusCode.Created));
    }

    [Fact]
    public async Task MaxInFlight_ByAnOwner_IsCapped()
    {
        var site = await _router.CreateSite();
        using var owner = await Owner(site);
        var destination = await site.AddDestination("capped");
        Assert.Equal(
            (HttpStatusCode.UnprocessableEntity, "'max_in_flight' can be 100 at most. If the receiver takes more at a time, ask the "
                + "operator of this router to set it."), await Set(101));
        Assert.Equal(HttpStatusCode.OK, (await Set(100)).Status);
        await site.Patch(destination, new { max_in_flight = 500 });
        // What an operator has set stays, where an owner sends all settings again.
        Assert.Equal(HttpStatusCode.OK, (await Set(500)).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await Set(499)).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await Make(owner, site, "new", maxInFlight: 101)).Status);

        async Task<(HttpStatusCode Status, string Sentence)> Set(int value) => await Said(
            owner.PatchAsJsonAsync($"/api/sites/{site.Id}/destinations/{destination.Id}", new { max_in_flight = value }));
    }

    [Fact]
    public async Task Tests_OfAllDestinationsTogether_AreNoMoreThanTheSiteMayHaveInAMinute()
    {
        var site = await _router.CreateSite();
        using var owner = await Owner(site);
        await Limit(site, new { tests_per_minute = 3 });
        var destinations = new List<TestDestination>();
        for (var i = 0; i < 4; i++)
            destinations.Add(await site.AddDestination($"tested-{i}"));
        foreach (var destination in destinations.Take(3))
            Assert.Equal(HttpStatusCode.Accepted, (await Test(destination)).Status);
        Assert.Equal(
            (HttpStatusCode.TooManyRequests, "This site may be sent 3 tests within a minute, and was sent 3. Wait a moment, or ask the "
                + "operator of this router for more."), await Test(destinations[3]));

        Task<(HttpStatusCode Status, string Sentence)> Test(TestDestination destination) =>
            Said(owner.PostAsJsonAsync($"/api/sites/{site.Id}/destinations/{destination.Id}/checks", new { }));
    }

    [Fact]
    public async Task Replays_BeyondWhatTheSiteMaySendAgain_AreRefusedButNotAnOperators()
    {
        var site = await _router.CreateSite();
        using var owner = await Owner(site);
        for (var i = 0; i < 3; i++)
            await site.PostLead();
        await Eventually.Equal(3, () => site.Count("delivered", site.LeadManager, "created"), "they are there");
        await Limit(site, new { replayed_per_hour = 5 });
        Assert.Equal(HttpStatusCode.Accepted, (await Replay(owner, site)).Status);
        await _router.Receiver.Wait(site.LeadManager.Path, 6);
        await Eventually.Equal(3, () => site.Count("delivered", site.LeadManager, "created"), "they are there again");
        Assert.Equal(
            (HttpStatusCode.Conflict, "This site may send 5 deliveries again within an hour. It has sent 3, and this would be 3 more. "
                + "Choose fewer, wait, or ask the operator of this router for more."), await Replay(owner, site));
        Assert.Equal(HttpStatusCode.Accepted, (await Replay(_router.Admin, site)).Status);
    }

    [Fact]
    public async Task Replays_AtATime_AreNoMoreThanTheSiteMayHave()
    {
        // Without a worker they don't end.
        await using var router = await RouterFixture.Start(servers, workers: 0);
        var (site, other) = (await router.CreateSite(), await router.CreateSite());
        using var owner = await Owner(site, router);
        using var others = await Owner(other, router);
        await Limit(site, new { replays = 2 }, router);
        Assert.Equal(HttpStatusCode.Accepted, (await Replay(owner, site)).Status);
        Assert.Equal(HttpStatusCode.Accepted, (await Replay(owner, site)).Status);
        Assert.Equal(
            (HttpStatusCode.Conflict, "This site may have 2 replays running at a time, and has 2. Wait until one has ended, cancel one, or "
                + "ask the operator of this router for more."), await Replay(owner, site));
        Assert.Equal(HttpStatusCode.Accepted, (await Replay(others, other)).Status);

        using var browser = await PageClient.SignedIn(router, "owner", site.Id);
        using var page = await browser.Submit($"/sites/{site.Id}/deliveries?state=dead&handler=Replay");
        Assert.Contains("may have 2 replays running", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WaitingMegabytes_MoreThanTheSiteMayHave_NothingIsAddedToThemButLeads()
    {
        var site = await _router.CreateSite();
        using var owner = await Owner(site);
        var paused = await site.AddDestination("paused");
        await site.Patch(paused, new { paused = true });
        await Limit(site, new { waiting_megabytes = 1 });
        for (var i = 0; i < 3; i++)
            await site.PostLead(note: new string('x', 500_000));
        await Eventually.Equal(3, () => site.Count("held", paused, "created"), "they wait");

        var (status, sentence) = await Replay(owner, site);
        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.StartsWith(
            "About 2 MB of this site's leads wait to be sent, and no more than 1 MB should.", sentence, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Conflict, (await Make(owner, site, "one more")).Status);
        await site.PostLead();
        await _router.Receiver.Wait(site.LeadManager.Path, 4);
    }

    [Fact]
    public async Task Limits_SetOnTheOperatorsPage_AreInForce_AndSitesNearThemAreListed()
    {
        using var browser = await shared.SignIn();
        var site = await _router.CreateSite();
        var path = $"/operator/sites/{site.Id}";
        for (var i = 0; i < 4; i++)
            await site.AddDestination($"destination {i}");
        Assert.DoesNotContain($"{path}#may-have", (await browser.Get("/operator")).Html, StringComparison.Ordinal);
        var wrong = await browser.Submit(await browser.Get(path), "Save what it may have", ("limits.destinations", "many"));
        Assert.Equal(
            (422, "This must be from 1 to 10000, or nothing for the default."), (wrong.Status, wrong.Error("limits_destinations")));

        var saved = await browser.Submit(
            await browser.Get(path), "Save what it may have", ("limits.destinations", "5"), ("limits.replays", "7"));
        Assert.Equal(("5", "7", ""), (saved.Field("limits.destinations"), saved.Field("limits.replays"), saved.Field("limits.in_flight")));
        var limits = await _router.Admin.GetFromJsonAsync<JsonElement>($"/api/sites/{site.Id}/limits");
        Assert.Equal((4, 5, true), Of(limits, "destinations"));
        Assert.Contains($"{path}#may-have", (await browser.Get("/operator")).Html, StringComparison.Ordinal);
        Assert.Contains(
            "limits of its own: nothing → Replays at a time: 7, Destinations, besides Lead Manager: 5",
            (await browser.Get($"/operator/audit?site={site.Id}")).Text, StringComparison.Ordinal);

        var emptied = await browser.Submit(saved, "Save what it may have", ("limits.destinations", ""), ("limits.replays", ""));
        Assert.Equal("", emptied.Field("limits.destinations"));
        Assert.Equal(JsonValueKind.Null, (await _router.Admin.GetFromJsonAsync<JsonElement>($"/api/sites/{site.Id}"))
            .GetProperty("limits").ValueKind);
    }

    [Fact]
    public async Task Limits_InAFile_AreAppliedAndExported()
    {
        var id = Guid.NewGuid();
        var file = Path.GetTempFileName();
        var secrets = new Dictionary<string, string> { ["LM_SECRET"] = "the Lead Manager's secret" };
        await File.WriteAllTextAsync(file, $$$"""
            sites:
              - id: {{{id}}}
                name: Realty
                domain: www.realty.test
                limits: {destinations: 1, waiting_megabytes: 5000}
                lead_manager: {url: "{{{new Uri(_router.Receiver.Url, "/lm")}}}", secret: {env: LM_SECRET}}
                destinations:
                  - {name: One, url: "{{{new Uri(_router.Receiver.Url, "/one")}}}", secret: {env: LM_SECRET}}
            """);
        try
        {
            var router = CommandLine.Of(_router);
            var applied = await router.Run(secrets, "apply", "-f", file);
            Assert.True(applied.ExitCode == 0, applied.Errors);
            Assert.Equal(
                (1, 1, true), Of(await _router.Admin.GetFromJsonAsync<JsonElement>($"/api/sites/{id}/limits"), "destinations"));
            Assert.Contains("Nothing to change", (await router.Run(secrets, "apply", "-f", file)).Output, StringComparison.Ordinal);
            Assert.Contains("waiting_megabytes: 5000", (await router.Run("export", "--site", $"{id}")).Output, StringComparison.Ordinal);

            await File.WriteAllTextAsync(
                file, (await File.ReadAllTextAsync(file)).Replace("destinations: 1,", "destinations: 4,", StringComparison.Ordinal));
            Assert.Equal(0, (await router.Run(secrets, "apply", "-f", file)).ExitCode);
            Assert.Equal(
                (1, 4, true), Of(await _router.Admin.GetFromJsonAsync<JsonElement>($"/api/sites/{id}/limits"), "destinations"));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Deliveries_SentAgainOneByOne_AreSixtyInAMinuteAtMost()
    {
        var site = await _router.CreateSite();
        using var owner = await Owner(site);
        await site.PostLead();
        var delivery = await site.Delivery(site.LeadManager, "delivered");
        var path = $"/api/sites/{site.Id}/deliveries/{delivery.GetProperty("event_id")}/{site.LeadManager.Id}/replay";
        var answers = new List<HttpStatusCode>();
        for (var i = 0; i < 61; i++)
            answers.Add((await Said(owner.PostAsync(path, content: null))).Status);
        Assert.DoesNotContain(HttpStatusCode.TooManyRequests, answers.Take(60));
        Assert.Equal(HttpStatusCode.TooManyRequests, answers[60]);
    }

    private static (long Used, long Limit, bool IsOwn) Of(JsonElement limits, string name)
    {
        var limit = limits.GetProperty("items").EnumerateArray().Single(one => one.GetProperty("name").GetString() == name);
        return (limit.GetProperty("used").GetInt64(), limit.GetProperty("limit").GetInt64(), limit.GetProperty("is_own").GetBoolean());
    }

    private async Task Limit(TestSite site, object limits, RouterFixture? router = null) =>
        Assert.Equal(
            HttpStatusCode.OK, (await Said((router ?? _router).Admin.PatchAsJsonAsync($"/api/sites/{site.Id}", new { limits }))).Status);

    private async Task<HttpClient> Owner(TestSite site, RouterFixture? router = null)
    {
        router ??= _router;
        using var browser = await PageClient.SignedIn(router, "owner", site.Id);
        var http = new HttpClient { BaseAddress = router.Api.Url };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await browser.MakeToken());
        return http;
    }

    private async Task Made(HttpClient owner, TestSite site, string name)
    {
        var (status, sentence) = await Make(owner, site, name);
        Assert.True(status == HttpStatusCode.Created, sentence);
    }

    private Task<(HttpStatusCode Status, string Sentence)> Make(HttpClient owner, TestSite site, string name, int maxInFlight = 0) => Said(
        owner.PostAsJsonAsync($"/api/sites/{site.Id}/destinations", new
        {
            name, url = new Uri(_router.Receiver.Url, $"/{Guid.NewGuid():N}"), secret = "a secret of a test", max_in_flight = maxInFlight,
        }));

    private static Task<(HttpStatusCode Status, string Sentence)> Replay(HttpClient http, TestSite site) =>
        Said(http.PostAsJsonAsync($"/api/sites/{site.Id}/replays", new { state = "delivered" }));

    private static async Task<(HttpStatusCode Status, string Sentence)> Said(Task<HttpResponseMessage> request)
    {
        using var response = await request;
        var body = await response.Content.ReadAsStringAsync();
        return (response.StatusCode, response.IsSuccessStatusCode || body.Length == 0 ? ""
            : JsonSerializer.Deserialize<JsonElement>(body).GetProperty("detail").GetString()!);
    }
}
