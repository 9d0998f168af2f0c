using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>A destination gets the leads that fit its conditions, and what follows them; the rest is accounted for.</summary>
public sealed class FilterTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Destination_WithConditions_GetsTheLeadsThatFitAndWhatFollowsThem()
    {
        var site = await _router.CreateSite();
        var (picky, all) = (await site.AddDestination("picky"), await site.AddDestination("all"));
        await site.Patch(picky, new { filter = Filter("source", "is", "Open house") });
        // In force within a second.
        await Task.Delay(1500, TestContext.Current.CancellationToken);
        var (fits, doesnt) = (await Post(site, "open HOUSE"), await Post(site, "Website"));
        // At once, so that the update may be planned before its lead; and one that would fit by itself.
        await site.UpdateLead(doesnt, "an update");
        using (var update = await site.Send(HttpMethod.Patch, $"/leads/{doesnt}", """{"source": "Open house"}"""))
            Assert.Equal(HttpStatusCode.OK, update.StatusCode);
        await Answers.AssertOk(200, await site.Post("""[{"type": "valuation_inquiry"}]""", $"/leads/{doesnt}/activities"));
        await site.UpdateLead(fits, "another");

        await _router.Receiver.Wait(all.Path, 6);
        await _router.Receiver.Wait(picky.Path, 2);
        Assert.Equal(
            [(fits, "created"), (fits, "updated")],
            _router.Receiver.At(picky.Path).Select(request => (request.Json.GetProperty("id").GetString()!, request.Action)));

        var statement = await Eventually.Get(
            async () => (await _router.Admin.GetFromJsonAsync<JsonElement>($"/api/sites/{site.Id}/statement")).GetProperty("rows")
                .EnumerateArray().First(row => row.GetProperty("destination_id").GetGuid() == picky.Id),
            row => row.GetProperty("received").GetInt64() == 6 && row.GetProperty("delivered").GetInt64() == 2
                && row.GetProperty("skipped").GetInt64() + row.GetProperty("canceled").GetInt64() == 4, "all is accounted for");
        // What was planned before its lead has waited for it, and is canceled.
        Assert.Equal((4, 0), (
            statement.GetProperty("skipped").GetInt64() + statement.GetProperty("canceled").GetInt64(),
            statement.GetProperty("missing").GetInt64()));

        // The lead's page says why; and it is no lead that was missed.
        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        var page = new Browsed(200, _router.Api.Url, await owner.Http.GetStringAsync($"/sites/{site.Id}/leads/{doesnt}")).Text;
        Assert.Contains("picky left out by its conditions", page, StringComparison.Ordinal);
        using var missed = await _router.Admin.PostAsJsonAsync(
            $"/api/sites/{site.Id}/replays",
            new { missed = true, destination = picky.Id, from = TimeProvider.System.GetUtcNow().AddHours(-1) });
        Assert.Equal(0, (await missed.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("total").GetInt32());

        // No conditions: all leads again.
        var cleared = await site.Patch(picky, new { filter = new { all = true, conditions = Array.Empty<object>() } });
        Assert.Equal(JsonValueKind.Null, cleared.GetProperty("filter").ValueKind);
        await Eventually.True(
            async () =>
            {
                await Post(site, "Website");
                return _router.Receiver.At(picky.Path).Count > 2;
            },
            "it gets all leads again");
    }

    [Fact]
    public async Task Conditions_OnTheirPage_AreTriedOnTheLatestLeadsAndSaved()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("crm");
        foreach (var (source, name) in new[] { ("Website", "Wanda"), ("Open house", "Otto"), ("Website", "Walt") })
            await Answers.AssertOk(201, await site.Post(JsonSerializer.Serialize(new { source, first_name = name })));
        await Eventually.Equal(
            3, () => _router.Query<long>("select count(*) from lead_events where site_id = @Id and action = 'created'", new { site.Id }),
            "they are in the ledger");
        var (_, link) = await PageClient.Invite(_router, "owner", site.Id);
        using var browser = new Browserless(_router.Api.Url);
        await browser.Submit(await browser.Get(link), "Save and sign in", ("password", PageClient.Password));
        var path = $"/sites/{site.Id}/destinations/{destination.Id}";
        Assert.Contains("It gets every lead.", (await browser.Get(path)).Text, StringComparison.Ordinal);

        (string, string)[] condition =
            [("match", "all"), ("field", "source"), ("operator", "Is"), ("values", "website, valuation"), ("missing", "leave")];
        var tried = await browser.Submit(await browser.Get($"{path}/filter"), "Try it on the latest leads", condition);
        Assert.Contains("Of the last 3 leads 2 would have gone", tried.Text, StringComparison.Ordinal);
        Assert.Matches("Walt .* goes Otto .* is left out Wanda .* goes", tried.Text);
        Assert.Equal("website, valuation", tried.Field("values") is { Length: > 0 } last ? last : "website, valuation");
        Assert.Equal(0, await _router.Query<long>("select count(*) from destinations where id = @Id and filter is not null", destination));

        var wrong = await browser.Submit(
            await browser.Get($"{path}/filter"), "Save", ("field", "no such field"), ("operator", "Is"), ("values", "x"));
        Assert.Equal(422, wrong.Status);
        Assert.Contains("A condition needs a field of the lead", wrong.Text, StringComparison.Ordinal);

        var saved = await browser.Submit(await browser.Get($"{path}/filter"), "Save", condition);
        Assert.Contains("It gets leads where source is website or valuation.", saved.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Filter_ThatCannotBe_IsRefused()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("strict");
        var path = $"/api/sites/{site.Id}/destinations";
        foreach (var (filter, status) in new (object, HttpStatusCode)[]
        {
            (Filter("source", "sounds_like", "x"), HttpStatusCode.BadRequest),
            (Filter("a b", "is", "x"), HttpStatusCode.UnprocessableEntity),
            (Filter("zip", "at_least", "many"), HttpStatusCode.UnprocessableEntity),
            (new { all = true }, HttpStatusCode.UnprocessableEntity),
        })
        {
            using var refused = await _router.Admin.PatchAsJsonAsync($"{path}/{destination.Id}", new { filter });
            Assert.Equal(status, refused.StatusCode);
        }

        using var locked = await _router.Admin.PatchAsJsonAsync(
            $"{path}/{site.LeadManager.Id}", new { filter = Filter("source", "is", "x") });
        Assert.Equal(HttpStatusCode.Conflict, locked.StatusCode);
        using var page = await PageClient.SignedIn(_router, "operator");
        Assert.Equal(
            HttpStatusCode.NotFound,
            (await page.Http.GetAsync($"/sites/{site.Id}/destinations/{site.LeadManager.Id}/filter")).StatusCode);
    }

    private static object Filter(string field, string comparison, string value) =>
        new { all = true, conditions = new[] { new { field, @operator = comparison, values = new[] { value } } } };

    private static async Task<string> Post(TestSite site, string source)
    {
        var id = Guid.NewGuid().ToString("N");
        await Answers.AssertOk(201, await site.Post(JsonSerializer.Serialize(new { id, source, email = "ann@mail.test" })));
        return id;
    }
}
