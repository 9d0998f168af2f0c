using System.Net.Http.Json;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>The first page of a site says how the day goes; tests and replays of the past keep their outcome.</summary>
public sealed class OverviewTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Today_OfASite_CountsLeadsByWhatBecameOfThemBesideWhatIsUsual()
    {
        var site = await _router.CreateSite();
        using var browser = await SignIn();
        Assert.DoesNotContain("leads today", (await browser.Get($"/sites/{site.Id}")).Text, StringComparison.Ordinal);

        // Four weeks of three leads each on this day, just after midnight, and one late in the evening.
        await _router.Query<object>("update sites set created_at = now() - interval '60 days' where id = @Id", new { site.Id });
        await _router.Query<object>(
            """
            insert into lead_events (id, site_id, action, lead_id, lead_id_text, product, source_system, accepted_at, destinations)
            select (left(first_event_id(x.at)::text, 24) || right(gen_random_uuid()::text, 12))::uuid, @Id, 'created', gen_random_uuid(),
                   'x', 'p', 's', x.at, '{}'
            from generate_series(1, 4) w, unnest(array[0, 1, 2, 86399999999]) m, lateral (
                select date_trunc('day', now(), 'UTC') - w * interval '7 days' + m * interval '1 microsecond') x (at)
            """, new { site.Id });
        var broken = await site.AddDestination("broken", url: $"http://127.0.0.1:{TestHost.FreePort()}/");
        await site.PostLead();
        await site.Delivery(broken, "dead");
        await site.Patch(broken, new { active = false });
        var lead = await site.PostLead();
        await site.UpdateLead(lead, "an update is no lead");
        var page = await Eventually.Get(
            () => browser.Get($"/sites/{site.Id}"),
            page => page.Text.Contains("2 leads today · usually 3 by now 1 arrived everywhere 0 on the way", StringComparison.Ordinal),
            "both leads are counted");
        Assert.Contains("1 refused or failed for good", page.Text, StringComparison.Ordinal);
        Assert.Contains("until half of them arrived everywhere", page.Text, StringComparison.Ordinal);

        // It is on hold: nobody knows yet.
        var patient = await site.AddDestination("patient");
        await site.Patch(patient, new { paused = true });
        await site.PostLead();
        await Eventually.True(
            async () => (await browser.Get($"/sites/{site.Id}")).Text.Contains("1 on the way or on hold", StringComparison.Ordinal),
            "the third is on hold");
    }

    [Fact]
    public async Task Tests_OfADestination_AreListedWithTheirOutcome()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("tested");
        _router.Receiver.Answer(destination.Path, 401, 200);
        var checks = $"/api/sites/{site.Id}/destinations/{destination.Id}/checks";
        using var browser = await SignIn();
        foreach (var (passed, words) in new[] { (false, "not passed"), (true, "passed") })
        {
            await _router.Admin.PostAsJsonAsync(checks, new { });
            await Eventually.True(
                async () => (await Listed(checks))[0] is var newest && newest.GetProperty("finished").GetBoolean()
                    && newest.GetProperty("passed").GetBoolean() == passed,
                $"the test is {words}");
        }

        Assert.Equal(2, (await Listed(checks)).Count);
        var page = await browser.Get($"/sites/{site.Id}/destinations/{destination.Id}");
        Assert.Matches(@"Earlier tests \(2\) \S+( \S+)? test lead: passed answered 200 .* test lead: not passed answered 401", page.Text);
    }

    [Fact]
    public async Task Replays_OfASite_AreListedWithWhatCameOfThem()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("replayed");
        _router.Receiver.Answer(destination.Path, 406, 200);
        await site.PostLead();
        await site.Delivery(destination, "rejected");
        using var browser = await SignIn();
        Assert.Contains("None yet", (await browser.Get($"/sites/{site.Id}/replays")).Text, StringComparison.Ordinal);

        await _router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/replays", new { state = "rejected", destination = destination.Id });
        await site.Delivery(destination, "delivered");
        var page = await Eventually.Get(
            () => browser.Get($"/sites/{site.Id}/replays"),
            page => page.Text.Contains("1 of 1 done", StringComparison.Ordinal), "the replay is done");
        Assert.Contains("Deliveries marked “refused”, replayed", page.Text, StringComparison.Ordinal);
    }

    private async Task<List<JsonElement>> Listed(string checks) =>
        [.. (await _router.Admin.GetFromJsonAsync<JsonElement>(checks)).GetProperty("items").EnumerateArray()];

    private async Task<Browserless> SignIn()
    {
        var browser = new Browserless(_router.Api.Url);
        await browser.SignIn(RouterFixture.OperatorsEmail, RouterFixture.OperatorsPassword);
        return browser;
    }
}
