using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Received = delivered + rejected + retrying + held + dead + canceled + skipped, and missing is 0.</summary>
public sealed class StatementTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Statement_OfEveryOutcome_AddsUpByDestinationAndByHour()
    {
        var site = await _router.CreateSite();
        var names = new[] { "good", "picky", "dying", "waiting", "paused", "canceled" };
        var destinations = new Dictionary<string, TestDestination>(StringComparer.Ordinal);
        foreach (var name in names)
            destinations[name] = await site.AddDestination(name);
        _router.Receiver.Answer(destinations["picky"].Path, 406);
        _router.Receiver.Answer(destinations["dying"].Path, 500);
        foreach (var name in (string[])["waiting", "canceled"])
        {
            _router.Receiver.Answer(destinations[name].Path, (context, _) =>
            {
                context.Response.StatusCode = 503;
                context.Response.Headers.RetryAfter = "3600";
                return Task.CompletedTask;
            });
        }

        await site.Patch(destinations["paused"], new { paused = true });
        for (var i = 0; i < 3; i++)
            await site.PostLead();
        await site.Delivery(destinations["dying"], "dead");
        await Eventually.True(async () => (await Row(site, "dying")).GetProperty("dead").GetInt32() == 3, "all are dead");
        await site.Patch(destinations["canceled"], new { active = false });
        await Task.Delay(1000, TestContext.Current.CancellationToken);
        // Goes to Lead Manager and one that was chosen; skipped by all others.
        var chosen = await site.Post(
            """{"source": "s", "email": "a@b.test"}""", change: request => request.Headers.Add("X-ROUTER-DESTINATIONS", "good"));
        Assert.Equal(201, (int)chosen.StatusCode);
        await Eventually.True(async () => (await Row(site, "good")).GetProperty("delivered").GetInt32() == 4, "the last one is delivered");
        // Tests count nowhere.
        await _router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/destinations/{destinations["good"].Id}/checks", new { });

        var statement = await Get(site, "");
        Assert.True(statement.GetProperty("balanced").GetBoolean(), statement.ToString());
        foreach (var (name, outcome) in new[
            ] { ("picky", "rejected"), ("dying", "dead"), ("waiting", "retrying"), ("paused", "held"), ("canceled", "canceled") })
        {
            var row = await Row(site, name);
            Assert.Equal((4, 3, 1, 0), (Number(row, "received"), Number(row, outcome), Number(row, "skipped"), Number(row, "missing")));
        }

        var hours = (await Get(site, $"?by=hour&destination={destinations["good"].Id}")).GetProperty("rows").EnumerateArray().ToList();
        Assert.Equal(4, hours.Sum(row => Number(row, "delivered")));
        Assert.All(hours, row => Assert.EndsWith(":00:00+00:00", row.GetProperty("hour").GetString(), StringComparison.Ordinal));
        var speed = statement.GetProperty("speed").EnumerateArray()
            .Single(row => row.GetProperty("destination_id").GetGuid() == destinations["good"].Id);
        Assert.InRange(speed.GetProperty("delivered_p50").GetDouble(), speed.GetProperty("first_attempt_p50").GetDouble(), 60_000);
        Assert.Equal(422, (int)(await _router.Admin.GetAsync($"/api/sites/{site.Id}/statement?by=day")).StatusCode);
        Assert.Equal(422, (int)(
            await _router.Admin.GetAsync($"/api/sites/{site.Id}/statement?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z")).StatusCode);
    }

    [Fact]
    public async Task Statement_WithADeliveryLost_SaysThatItIsMissing()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("loses");
        await site.PostLead();
        await site.Delivery(destination, "delivered");
        await site.Delivery(site.LeadManager, "delivered");
        Assert.True((await Get(site, "")).GetProperty("balanced").GetBoolean());

        // By hand, for the router has no way to.
        await using var database = await _router.OpenDatabase();
        await using var transaction = await database.BeginTransactionAsync(TestContext.Current.CancellationToken);
        var lost = (await database.QueryAsync<(Guid Event, string State)>(
            "delete from deliveries where destination_id = @Id returning event_id, state", new { destination.Id })).AsList();
        // Within a day it might still come: its event might be in a worker's hands.
        Assert.Equal((0, 1), await Missing());
        await database.ExecuteAsync("update lead_events set planned_at = now() - interval '25 hours' where site_id = @Id", new { site.Id });
        Assert.Equal((1, 0), await Missing());
        Assert.Single(lost, row => row.State == "delivered");
        await transaction.RollbackAsync(TestContext.Current.CancellationToken);

        async Task<(int Missing, int Retrying)> Missing() => await database.QuerySingleAsync<(int, int)>(
            "select sum(missing)::int, sum(retrying)::int from statement where site_id = @Id", new { site.Id });
    }

    [Fact]
    public async Task Page_OfTheStatement_LeadsFromEachNumberToItsList()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("listed");
        _router.Receiver.Answer(destination.Path, 406);
        await site.PostLead();
        await site.Delivery(destination, "rejected");
        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        var page = await (await owner.Http.GetAsync($"/sites/{site.Id}/statement?destination={destination.Id}"))
            .Content.ReadAsStringAsync();
        Assert.Contains("It adds up", page, StringComparison.Ordinal);
        var links = System.Text.RegularExpressions.Regex.Matches(page, "href=\"([^\"]*state=rejected[^\"]*)\"")
            .Select(match => System.Net.WebUtility.HtmlDecode(match.Groups[1].Value)).ToList();
        Assert.Equal(2, links.Count);
        foreach (var link in links)
        {
            var list = await (await owner.Http.GetAsync(link)).Content.ReadAsStringAsync();
            Assert.Single(System.Text.RegularExpressions.Regex.Matches(list, "<td data-label=\"When\""));
        }
    }

    private async Task<JsonElement> Row(TestSite site, string name) =>
        (await Get(site, "")).GetProperty("rows").EnumerateArray().Single(row => row.GetProperty("destination_name").GetString() == name);

    private Task<JsonElement> Get(TestSite site, string query) =>
        _router.Admin.GetFromJsonAsync<JsonElement>($"/api/sites/{site.Id}/statement{query}");

    private static int Number(JsonElement row, string name) => row.GetProperty(name).GetInt32();
}
