using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>A destination gets what its owner wants it to get; the rest is accounted for as skipped.</summary>
public sealed class ActionsTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Destination_ThatWantsNewLeadsOnly_GetsNothingElse()
    {
        var site = await _router.CreateSite();
        var (picky, all) = (await site.AddDestination("picky"), await site.AddDestination("all"));
        var changed = await site.Patch(picky, new { actions = new[] { "created" } });
        Assert.Equal("created", Assert.Single(changed.GetProperty("actions").EnumerateArray()).GetString());
        // In force within a second.
        await Task.Delay(1500, TestContext.Current.CancellationToken);
        var lead = await site.PostLead();
        await site.UpdateLead(lead, "not for it");
        await Answers.AssertOk(200, await site.Post("""[{"type": "valuation_inquiry"}]""", $"/leads/{lead}/activities"));
        await _router.Receiver.Wait(all.Path, 3);
        await _router.Receiver.Wait(picky.Path, 1);

        var statement = await Eventually.Get(
            () => Statement(site, picky), row => row.GetProperty("received").GetInt64() == 3, "all three are accounted for");
        Assert.Equal((1, 2, 0), (
            statement.GetProperty("delivered").GetInt64(), statement.GetProperty("skipped").GetInt64(),
            statement.GetProperty("missing").GetInt64()));

        // What it doesn't want it hasn't missed.
        using var missed = await _router.Admin.PostAsJsonAsync(
            $"/api/sites/{site.Id}/replays",
            new { missed = true, destination = picky.Id, from = TimeProvider.System.GetUtcNow().AddHours(-1) });
        Assert.Equal(0, (await missed.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("total").GetInt32());

        // A test lead comes whatever it wants, and so does the news of its switch.
        await site.Patch(picky, new { actions = new[] { "updated" } });
        await site.Patch(picky, new { active = false });
        await _router.Receiver.WaitFor(picky.Path, "integration_disabled");
        await _router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/destinations/{picky.Id}/checks", new { });
        await Eventually.True(
            () => _router.Receiver.At(picky.Path).Any(request => request.Json.TryGetProperty("test", out _)), "the test lead arrived");
        Assert.Equal(
            "created, test created",
            string.Join(", ", _router.Receiver.At(picky.Path).Select(
                request => $"{(request.Json.TryGetProperty("test", out _) ? "test " : "")}{request.Action}")));
    }

    [Fact]
    public async Task Actions_OnThePageAndInTheApi_AreCheckedAndAllOfThemMeansEverything()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("chosen");
        var path = $"/api/sites/{site.Id}/destinations";
        foreach (var actions in new[] { [], ["deleted"], new[] { "created", "integration_enabled" } })
        {
            using var refused = await _router.Admin.PatchAsJsonAsync($"{path}/{destination.Id}", new { actions });
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        }

        using var locked = await _router.Admin.PatchAsJsonAsync(
            $"{path}/{site.LeadManager.Id}", new { actions = new[] { "created" } });
        Assert.Equal(HttpStatusCode.Conflict, locked.StatusCode);

        using var browser = new Browserless(_router.Api.Url);
        await browser.SignIn(RouterFixture.OperatorsEmail, RouterFixture.OperatorsPassword);
        var page = await browser.Get($"/sites/{site.Id}/destinations/{destination.Id}");
        var saved = await browser.Submit(page, "Save", ("actions", "created"), ("actions", "updated"));
        Assert.Contains("Saved", saved.Text, StringComparison.Ordinal);
        Assert.Equal(
            ["created", "updated"],
            await _router.Query<string[]>("select actions from destinations where id = @Id", new { destination.Id }));
        Assert.Contains("what it gets: nothing → created, updated", (await browser.Get($"/sites/{site.Id}/changes")).Text,
            StringComparison.Ordinal);

        var everything = await site.Patch(destination, new { actions = new[] { "user_updated", "updated", "created", "activity_added" } });
        Assert.Equal(JsonValueKind.Null, everything.GetProperty("actions").ValueKind);
        Assert.DoesNotContain(
            "What it gets", (await browser.Get($"/sites/{site.Id}/destinations/{site.LeadManager.Id}")).Text, StringComparison.Ordinal);
    }

    private async Task<JsonElement> Statement(TestSite site, TestDestination destination) =>
        (await _router.Admin.GetFromJsonAsync<JsonElement>($"/api/sites/{site.Id}/statement")).GetProperty("rows").EnumerateArray()
            .First(row => row.GetProperty("destination_id").GetGuid() == destination.Id);
}
