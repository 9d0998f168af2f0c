using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using Router.Core.Leads;
using Router.Core.Retention;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>What is erased on request.</summary>
public sealed class RetentionErasureTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Lead_Erased_LeavesOthersThatNameIt()
    {
        var (site, lead) = (Guid.NewGuid(), Guid.NewGuid());
        await using var database = await _router.OpenDatabase();
        await using var transaction = await database.BeginTransactionAsync();
        foreach (var (its, named) in new[] { (lead, Guid.NewGuid()), (Guid.NewGuid(), lead) })
        {
            var message = LeadMessage.Of(new LeadEvent
            {
                EventId = Guid.NewGuid(), SiteId = site, LeadId = $"{its:D}", Action = LeadAction.Created,
                Product = "p", SourceSystem = "P", AcceptedAt = DateTimeOffset.UnixEpoch,
                Lead = RawJson.Parse($$"""{"lead_id":"{{named:D}}"}"""),
            });
            await database.ExecuteAsync("insert into lead_outbox (event_id, message) values (@EventId, @Utf8)", message);
        }

        await Erasure.Lead(database, site, lead, CancellationToken.None);
        Assert.Equal(1, await database.ExecuteScalarAsync<int>(
            "select count(*)::int from lead_outbox where strpos(encode(message, 'escape'), @site) > 0", new { site = $"{site:D}" }));
    }

    [Fact]
    public async Task Lead_Erased_LeavesRowsWithoutAnythingOfIt()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("echo");
        _router.Receiver.Answer(destination.Path, async (context, _) =>
        {
            context.Response.StatusCode = 503;
            context.Response.Headers.RetryAfter = "3600";
            await context.Response.Body.WriteAsync("jack@mail.test"u8.ToArray());
        });
        var (lead, other) = (await site.PostLead("private"), await site.PostLead("private"));
        await site.Post("""[{"type": "visited", "source": "private", "description": "private"}]""", $"/leads/{lead}/activities");
        await Eventually.True(async () =>
            await Count(site, "state = 'retrying' and status = 503") == 2 && await Count(site, "state = 'delivered'") == 3
                && await Count(site, "state = 'held'") == 1,
            "both leads have been tried, and the activity waits behind its lead");

        var erased = await _router.Admin.DeleteAsync($"/api/sites/{site.Id}/leads/{Guid.Parse(lead):D}");
        Assert.Equal(HttpStatusCode.OK, erased.StatusCode);
        Assert.Equal("""{"events":2,"canceled":2}""", await erased.Content.ReadAsStringAsync());
        Assert.Equal((3, 2, 1),
            (await Count(site, "state = 'delivered'"), await Count(site, "state = 'canceled'"), await Count(site, "state = 'retrying'")));
        await site.AssertAccountedFor(3);

        await using var database = await _router.OpenDatabase();
        var rows = (await database.QueryAsync<(Guid? Id, string Text, bool Gone)>(
            "select lead_id, lead_id_text, body is null from lead_events "
            + "where site_id = @Id and action not like 'integration_%' order by accepted_at", new { site.Id })).AsList();
        Assert.True(rows.Count(row => row == (null, "erased", true)) == 2, string.Join("; ", rows));
        Assert.Contains((Guid.Parse(other), other, false), rows);
        Assert.Equal(1, await database.ExecuteScalarAsync<int>(
            "select count(*)::int from attempts where encode(response_body, 'escape') like '%jack%' "
            + "and event_id in (select id from lead_events where site_id = @Id)", new { site.Id }));

        // Nothing of it is left to send or to show; a second request finds nothing, and who asked is written down.
        Assert.Equal(0, (await (await _router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/replays", new { state = "canceled" }))
            .Content.ReadFromJsonAsync<JsonElement>()).GetProperty("total").GetInt32());
        Assert.Contains("\"events\":0",
            await (await _router.Admin.DeleteAsync($"/api/sites/{site.Id}/leads/{lead}")).Content.ReadAsStringAsync(),
            StringComparison.Ordinal);
        var audit = (await _router.Admin.GetFromJsonAsync<JsonElement>($"/api/sites/{site.Id}/audit")).GetProperty("items").EnumerateArray()
            .Where(row => row.GetProperty("kind").GetString() == "leads").ToList();
        Assert.Equal(2, audit.Count);
        Assert.All(audit, row =>
            Assert.Equal((lead, "deleted"), (row.GetProperty("subject").GetString(), row.GetProperty("action").GetString())));
        Assert.Contains("operator", audit[0].GetProperty("actor").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task User_WhoseIdIsAUuid_IsFoundAndErasedByIt()
    {
        var site = await _router.CreateSite(asLeadManager: true);
        var user = Guid.NewGuid();
        (await site.Send(HttpMethod.Put, $"/users/{user:D}", """{"name":"Ben"}""")).EnsureSuccessStatusCode();
        await site.Delivery(site.LeadManager, "delivered", action: "user_updated");
        Assert.Single((await _router.Admin.GetFromJsonAsync<JsonElement>($"/api/sites/{site.Id}/deliveries?lead={user:D}"))
            .GetProperty("items").EnumerateArray());
        var erased = await _router.Admin.DeleteAsync($"/api/sites/{site.Id}/leads/{user:D}");
        Assert.Equal("""{"events":1,"canceled":0}""", await erased.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Lead_ErasedWhileItIsReplayed_IsCanceledAndNotDueForEver()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("down");
        _router.Receiver.Answer(destination.Path, 500);
        var lead = await site.PostLead();
        var dead = await site.Delivery(destination, "dead");
        var requests = _router.Receiver.At(destination.Path).Count;

        // The replay has found the contents there and waits for the row; the erasure has nothing to cancel.
        await using var database = await _router.OpenDatabase();
        await database.ExecuteAsync(
            "update deliveries set response_headers = null, response_body = null where site_id = @Id", new { site.Id });
        await using var held = await database.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await database.ExecuteAsync("select from deliveries where site_id = @Id and state = 'dead' for update", new { site.Id }, held);
        var replay = _router.Admin.PostAsync(
            $"/api/sites/{site.Id}/deliveries/{dead.GetProperty("event_id").GetString()}/{destination.Id}/replay", content: null);
        await _router.WaitBehind(database, 1);
        Assert.Equal("""{"events":1,"canceled":0}""",
            await (await _router.Admin.DeleteAsync($"/api/sites/{site.Id}/leads/{lead}")).Content.ReadAsStringAsync());
        await held.CommitAsync(TestContext.Current.CancellationToken);
        (await replay).EnsureSuccessStatusCode();

        await Eventually.Equal(1, () => Count(site, "state = 'canceled'"), "nothing is due");
        Assert.Equal(requests, _router.Receiver.At(destination.Path).Count);
    }

    [Fact]
    public async Task Lead_ErasedWhileItsReceiverAnswers_TheAnswerIsNotKept()
    {
        var site = await _router.CreateSite();
        var erased = new TaskCompletionSource();
        _router.Receiver.Answer(site.LeadManager.Path, async (context, _) =>
        {
            await erased.Task;
            await context.Response.Body.WriteAsync("jack@mail.test"u8.ToArray());
        });
        var lead = await site.PostLead();
        await _router.Receiver.Wait(site.LeadManager.Path, 1);
        Assert.Equal(HttpStatusCode.OK, (await _router.Admin.DeleteAsync($"/api/sites/{site.Id}/leads/{Guid.Parse(lead):D}")).StatusCode);
        erased.SetResult();
        await Eventually.Equal(1, () => Attempts("true"), "its attempt is recorded");
        Assert.Equal(0, await Attempts("a.response_body is not null"));

        // What isn't erased is kept.
        await site.PostLead();
        await Eventually.Equal(
            1, () => Attempts("encode(a.response_body, 'escape') like '%jack%'"), "the next one's answer is kept");

        Task<int> Attempts(string which) => _router.Query<int>(
            $"select count(*)::int from attempts a where a.destination_id = @Id and {which}", new { site.LeadManager.Id });
    }

    [Fact]
    public async Task Site_Erased_LosesContentsAndUsersOfItAlone()
    {
        var (site, neighbour) = (await _router.CreateSite(asLeadManager: true), await _router.CreateSite());
        await site.Send(HttpMethod.Put, "/users/7", """{"name": "Ann"}""");
        await site.PostLead("private");
        await neighbour.PostLead("private");
        await Eventually.True(async () =>
            await Count(site, "state = 'delivered'") == 2 && await Count(neighbour, "state = 'delivered'") == 1, "all are delivered");

        var erased = await _router.Admin.PostAsync($"/api/sites/{site.Id}/erasure", content: null);
        Assert.Equal("""{"events":2,"canceled":0,"more":false}""", await erased.Content.ReadAsStringAsync());
        Assert.Equal(0, await _router.Query<int>("select count(*)::int from users where site_id = @Id", new { site.Id }));
        Assert.Equal(0, await _router.Query<int>("select count(body)::int from lead_events where site_id = @Id", new { site.Id }));
        Assert.Equal(1, await _router.Query<int>("select count(body)::int from lead_events where site_id = @Id", new { neighbour.Id }));
        Assert.Equal(2, await Count(site, "state = 'delivered'"));
        Assert.Equal(HttpStatusCode.NotFound,
            (await _router.Admin.PostAsync($"/api/sites/{Guid.NewGuid()}/erasure", content: null)).StatusCode);

        // The page of a delivery says so, to owners too, instead of showing an empty request.
        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        var row = (await site.Deliveries()).GetProperty("items")[0];
        var page = await owner.Http.GetStringAsync(
            $"/sites/{site.Id}/deliveries/{row.GetProperty("event_id").GetString()}/{site.LeadManager.Id}");
        Assert.Contains("The contents of this lead were deleted", page, StringComparison.Ordinal);
        Assert.DoesNotContain("The request", page, StringComparison.Ordinal);
    }

    private Task<int> Count(TestSite site, string which) =>
        _router.Query<int>($"select count(*)::int from deliveries where site_id = @Id and {which}", new { site.Id });
}
