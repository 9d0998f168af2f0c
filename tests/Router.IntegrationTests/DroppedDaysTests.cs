using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>The statement over days whose rows are dropped. Each test has a database of its own: days are everybody's.</summary>
public sealed class DroppedDaysTests(TestServers servers)
{
    [Fact]
    public async Task Statement_OfDaysThatAreDropped_IsWhatItWasAndCountsEachLeadOnce()
    {
        await using var router = await RouterFixture.Start(servers);
        var site = await router.CreateSite();
        await site.PostLead();
        await site.Delivery(site.LeadManager, "delivered");
        // Later than the first lead, which they did not miss; one is off, and one is gone before the last lead.
        var (good, picky, dying, leaving) = (await site.AddDestination("good"), await site.AddDestination("picky"),
            await site.AddDestination("dying"), await site.AddDestination("leaving"));
        await site.AddDestination("off", active: false);
        router.Receiver.Answer(picky.Path, 406);
        router.Receiver.Answer(dying.Path, 500);
        await Task.Delay(1000, TestContext.Current.CancellationToken);
        await site.PostLead();
        await site.Delivery(leaving, "delivered");
        await router.Admin.DeleteAsync($"/api/sites/{site.Id}/destinations/{leaving.Id}");
        await Task.Delay(1000, TestContext.Current.CancellationToken);
        var chosen = await site.Post(
            """{"source": "s", "email": "a@b.test"}""", change: request => request.Headers.Add("X-ROUTER-DESTINATIONS", "good, dying"));
        Assert.Equal(201, (int)chosen.StatusCode);
        await Eventually.True(
            async () => await router.Query<int>(
                "select count(*)::int from deliveries d join lead_events e on e.id = d.event_id "
                + "where e.product <> '' and d.state in ('delivered', 'rejected', 'dead')") == 9,
            "all are finished");

        var (before, hoursBefore) = (await Rows(router, site, ""), await Rows(router, site, "?by=hour"));
        Assert.Equal(
            ["Lead Manager: 3 = 3 0 0 0, 0 old", "good: 2 = 2 0 0 0, 0 old", "picky: 2 = 0 1 0 1, 0 old", "dying: 2 = 0 0 2 0, 0 old",
                "leaving: 1 = 1 0 0 0, 0 old", "off: 2 = 0 0 0 2, 0 old"],
            before.Select(Text));
        await using (var later = new LaterRetention(router, days: 91))
            await later.Tend();
        Assert.Equal(0, await router.Query<int>("select count(*)::int from lead_events"));
        Assert.Equal(before.Select(row => Text(row).Replace(", 0 old", $", {row.GetProperty("received")} old", StringComparison.Ordinal)),
            (await Rows(router, site, "")).Select(Text));
        Assert.Equal(hoursBefore.Select(row => row.GetProperty("hour").GetString()),
            (await Rows(router, site, "?by=hour")).Select(row => row.GetProperty("hour").GetString()));
        await site.AssertAccountedFor(0);

        // What comes now is counted beside it.
        await site.PostLead();
        await site.Delivery(good, "delivered");
        await site.Delivery(site.LeadManager, "delivered");
        Assert.Equal(["Lead Manager: 4 = 4 0 0 0, 3 old", "good: 3 = 3 0 0 0, 2 old"], (await Rows(router, site, "")).Take(2).Select(Text));
        Assert.Equal(3, await router.Query<int>("select received::int from statement where destination_id = @Id", new { good.Id }));

        // An hour is in the span in which it begins, and in no other.
        var hour = hoursBefore[^1].GetProperty("hour").GetDateTimeOffset();
        foreach (var (from, to, isIn) in new[
            ] { (hour.AddDays(-400), hour, false), (hour.AddSeconds(1), hour.AddMinutes(1), false), (hour, hour.AddSeconds(1), true) })
        {
            var rows = await Rows(router, site, $"?from={Uri.EscapeDataString($"{from:O}")}&to={Uri.EscapeDataString($"{to:O}")}");
            Assert.Equal(isIn, rows.Exists(row => row.GetProperty("counts_only").GetInt32() > 0));
        }
    }

    [Fact]
    public async Task Page_OfTheStatement_SaysWhatIsInTheCountsOnlyAndLinksNothing()
    {
        await using var router = await RouterFixture.Start(servers);
        var site = await router.CreateSite();
        await site.PostLead();
        await site.Delivery(site.LeadManager, "delivered");
        await using (var later = new LaterRetention(router, days: 91))
            await later.Tend();
        using var owner = await PageClient.SignedIn(router, "owner", site.Id);
        var page = await owner.Http.GetStringAsync($"/sites/{site.Id}/statement?days=30&destination={site.LeadManager.Id}");
        Assert.Contains("It adds up", page, StringComparison.Ordinal);
        Assert.Contains("Of messages older than 90 days only the counts are kept", page, StringComparison.Ordinal);
        Assert.Equal(2, System.Text.RegularExpressions.Regex.Count(page, "<td data-label=\"Delivered\" class=\"number\">1</td>"));
        Assert.DoesNotContain("/deliveries?", page, StringComparison.Ordinal);

        // Mixed with what still has a list, the sum leads there; a year has no hours.
        await site.PostLead();
        await site.Delivery(site.LeadManager, "delivered");
        var year = await owner.Http.GetStringAsync($"/sites/{site.Id}/statement?days=365&destination={site.LeadManager.Id}");
        Assert.Matches("href=\"[^\"]*/deliveries\\?[^\"]*state=delivered[^\"]*\">2</a>", year);
        Assert.Contains("only the counts are kept", year, StringComparison.Ordinal);
        Assert.DoesNotContain("by hour", year, StringComparison.Ordinal);
    }

    private static async Task<List<JsonElement>> Rows(RouterFixture router, TestSite site, string query)
    {
        var statement = await router.Admin.GetFromJsonAsync<JsonElement>($"/api/sites/{site.Id}/statement{query}");
        Assert.True(statement.GetProperty("balanced").GetBoolean(), statement.ToString());
        return [.. statement.GetProperty("rows").EnumerateArray()];
    }

    private static string Text(JsonElement row) =>
        $"{row.GetProperty("destination_name")}: {row.GetProperty("received")} = {row.GetProperty("delivered")} "
        + $"{row.GetProperty("rejected")} {row.GetProperty("dead")} {row.GetProperty("skipped")}, {row.GetProperty("counts_only")} old";
}
