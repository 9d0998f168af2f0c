using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Dapper;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>What is refused for its contents is kept, can be corrected, and is taken in then as if it had just come.</summary>
public sealed class RefusedLeadTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private const string Wrong = """{"source":"web","email":"ann@mail.test","activities":[{"source":"web"}]}""";
    private const string Right = """{"source":"web","email":"ann@mail.test","activities":[{"source":"web","type":"property_viewed"}]}""";

    private readonly RouterFixture _router = shared.Router;

    /// <summary>One product that sends rubbish costs the others no copies, though Postgres is slow to take them.</summary>
    [Fact]
    public async Task Rubbish_OfOneProduct_LeavesRoomToOthers()
    {
        await using var router = await RouterFixture.Start(shared.Servers, workers: 0);
        var (greedy, modest) = (await router.CreateSite(), await router.CreateSite());
        await using var holder = await router.OpenDatabase();
        await using var held = await holder.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await holder.ExecuteAsync("lock table refused_leads in access exclusive mode");
        for (var i = 0; i < 2200; i += 100)
            await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Refuse(422, greedy.Post(Wrong))));
        await Refuse(422, modest.Post(Wrong));

        await held.RollbackAsync(TestContext.Current.CancellationToken);
        Assert.Single(await Eventually.Get(modest.RefusedLeads, rows => rows.Count > 0, "the other's is kept"));
    }

    [Fact]
    public async Task Lead_Corrected_ArrivesOnceAndIsListedNoMore()
    {
        var site = await _router.CreateSite();
        var (id, row) = await site.Refused(Wrong);
        Assert.Equal("Activity field 'type' is required.", row.GetProperty("reason").GetString());
        Assert.Equal((422, "createLead", Encoding.UTF8.GetByteCount(Wrong)),
            (row.GetProperty("status").GetInt32(), row.GetProperty("operation").GetString(), row.GetProperty("size").GetInt32()));
        Assert.DoesNotContain("ann@mail.test", row.GetRawText(), StringComparison.Ordinal);
        var stored = await _router.Query<byte[]>("select contents from refused_leads where id = @id", new { id });
        Assert.DoesNotContain("ann@mail.test", Encoding.Latin1.GetString(stored!), StringComparison.Ordinal);

        // As it is, or corrected in the wrong way, it is refused once more and stays.
        foreach (var body in new[] { "", Wrong, "{", "[]" })
        {
            using var refused = await Accept(site, id, body);
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        }

        using var accepted = await Accept(site, id, Right);
        Assert.Equal(HttpStatusCode.Created, accepted.StatusCode);
        var arrived = Assert.Single(await _router.Receiver.Wait(site.LeadManager.Path, 1));
        Assert.Equal(("created", "ann@mail.test"), (arrived.Action, arrived.Json.GetProperty("email").GetString()));
        Assert.Equal((await accepted.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("event_id").GetString(), arrived.MessageId);
        Assert.Empty(await site.RefusedLeads());
        using var again = await Accept(site, id, Right);
        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
        Assert.Equal(1, await Audited(site, "corrected and accepted"));
        await site.AssertAccountedFor(1);
    }

    [Fact]
    public async Task Everything_RefusedForItsContents_IsKeptAsWhatItWasAndNothingElse()
    {
        var site = await _router.CreateSite();
        var lead = await site.PostLead();
        await _router.Receiver.Wait(site.LeadManager.Path, 1);
        await Refuse(400, site.Post("""{"source": """));
        await Refuse(413, site.Post($$"""{"source":"web","notes":"{{new string('x', 1024 * 1024)}}"}"""));
        await Refuse(415, site.Post("<lead/>", change: request =>
            request.Content!.Headers.ContentType = new System.Net.Http.Headers.MediaTypeHeaderValue("application/xml")));
        await Refuse(422, site.Post("""{"activities":[]}""", "/potential-seller-leads"));
        await Refuse(422, site.Send(HttpMethod.Patch, $"/leads/{lead}", """{"email":7}"""));
        await Refuse(422, site.Send(HttpMethod.Post, $"/leads/{lead}/activities", """[{"source":"web"}]"""));
        // A wrong password, somebody else's site and a path that isn't there are nobody's lead.
        await Refuse(401, site.Post(Right, change: request => request.Headers.Authorization = null));
        await Refuse(404, site.Post(Right, "/nothing"));

        var rows = await Eventually.Get(site.RefusedLeads, rows => rows.Count == 6, "all are kept");
        Assert.Equal(
            ["addActivities", "updateLead", "createPotentialSellerLead", "createLead", "createLead", "createLead"],
            rows.Select(row => row.GetProperty("operation").GetString()));
        Assert.Equal([422, 422, 422, 415, 413, 400], rows.Select(row => row.GetProperty("status").GetInt32()));
        Assert.Equal(
            [true, true, true, true, false, true], rows.Select(row => row.GetProperty("has_contents").GetBoolean()));

        foreach (var (row, corrected) in new[]
        {
            (rows[0], """[{"source":"web","type":"tour_requested"}]"""), (rows[1], """{"email":"new@mail.test"}"""),
        })
        {
            using var accepted = await Accept(site, row.GetProperty("id").GetGuid(), corrected);
            Assert.Equal(HttpStatusCode.Created, accepted.StatusCode);
        }

        var arrived = await _router.Receiver.Wait(site.LeadManager.Path, 3);
        Assert.Equal(["activity_added", "created", "updated"], arrived.Select(request => request.Action).Order(StringComparer.Ordinal));
        Assert.Equal(3, await _router.Query<int>(
            "select count(*) from lead_events where site_id = @Id and lead_id = @lead::uuid", new { site.Id, lead }));
        using var tooLarge = await Accept(site, rows[4].GetProperty("id").GetGuid(), "");
        Assert.Equal(HttpStatusCode.Conflict, tooLarge.StatusCode);

        // With the lead goes what was refused of it, and whatever else names it.
        await site.Refused($$"""{"id":"{{lead}}","source":7}""");
        (await _router.Admin.DeleteAsync($"/api/sites/{site.Id}/leads/{lead}")).EnsureSuccessStatusCode();
        Assert.Equal(4, (await site.RefusedLeads()).Count);
    }

    [Fact]
    public async Task AllOfOneReason_AreAcceptedOldestFirst_AsFarAsTheyCanBe()
    {
        var site = await _router.CreateSite();
        foreach (var email in new[] { "first@mail.test", "second@mail.test", "third@mail.test" })
        {
            // The second and third are other leads under the first one's key.
            using var sent = await site.Post(
                $$"""{"source":"web","email":"{{email}}"}""", change: request => request.Headers.Add("Idempotency-Key", "the same"));
            Assert.Equal(email == "first@mail.test" ? 201 : 422, (int)sent.StatusCode);
        }

        await site.Refused(Wrong);
        var rows = await Eventually.Get(site.RefusedLeads, rows => rows.Count == 3, "all are kept");
        var (product, reason) = (rows[1].GetProperty("product").GetString(), rows[1].GetProperty("reason").GetString());
        Assert.Contains("Idempotency-Key", reason, StringComparison.Ordinal);

        var all = await _router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/refused-leads/accept", new { product, reason });
        Assert.Equal("""{"accepted":2,"refused":0}""", await all.Content.ReadAsStringAsync());
        var arrived = await _router.Receiver.Wait(site.LeadManager.Path, 3);
        Assert.Equal(
            ["first@mail.test", "second@mail.test", "third@mail.test"],
            arrived.Select(request => request.Json.GetProperty("email").GetString()).Order(StringComparer.Ordinal));

        var others = await _router.Admin.PostAsJsonAsync(
            $"/api/sites/{site.Id}/refused-leads/accept",
            new { product, reason = (await site.RefusedLeads())[0].GetProperty("reason").GetString() });
        Assert.Equal("""{"accepted":0,"refused":1}""", await others.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Pages_OfTheOwner_ShowAndCorrectIt_AndThatAnOperatorLooksIsWrittenDown()
    {
        var site = await _router.CreateSite();
        var (id, _) = await site.Refused(Wrong);
        var path = $"/sites/{site.Id}/refused/{id}";
        using var @operator = new Browserless(_router.Api.Url);
        await @operator.SignIn(RouterFixture.OperatorsEmail, RouterFixture.OperatorsPassword);
        var unseen = await @operator.Get(path);
        Assert.DoesNotContain("ann@mail.test", unseen.Html, StringComparison.Ordinal);
        var seen = await @operator.Submit(unseen, "Show the contents");
        Assert.True(JsonElement.DeepEquals(Parse(Wrong), Parse(seen.Field("contents")!)));
        Assert.Equal(1, await _router.Query<int>(
            "select count(*) from audit_log where site_id = @Id and kind = 'refused_leads' and action = 'shown'", new { site.Id }));

        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        Assert.Contains("1 lead was refused", await owner.Http.GetStringAsync($"/sites/{site.Id}"), StringComparison.Ordinal);
        Assert.Contains("Activity field &#x27;type&#x27; is required.", await owner.Http.GetStringAsync($"/sites/{site.Id}/refused"),
            StringComparison.Ordinal);
        Assert.Contains("ann@mail.test", await owner.Http.GetStringAsync(path), StringComparison.Ordinal);
        // Whom it is about is in the list, too; not for operators.
        Assert.Contains("ann@mail.test", await owner.Http.GetStringAsync($"/sites/{site.Id}/refused"), StringComparison.Ordinal);
        Assert.DoesNotContain("ann@mail.test", (await @operator.Get($"/sites/{site.Id}/refused")).Html, StringComparison.Ordinal);
        var wrong = await owner.Submit($"{path}?handler=Accept", ("contents", """{"source":"typed by hand"}"""));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.StatusCode);
        var shown = await wrong.Content.ReadAsStringAsync();
        Assert.Contains("typed by hand", shown, StringComparison.Ordinal);
        Assert.Contains("Lead needs at least one of the fields", shown, StringComparison.Ordinal);
        await owner.Submit($"{path}?handler=Accept", ("contents", Right));
        Assert.Single(await _router.Receiver.Wait(site.LeadManager.Path, 1));
        var list = await owner.Http.GetStringAsync($"/sites/{site.Id}/refused");
        Assert.Contains("Nothing waits for a correction", list, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_TriedBefore_IsTheSameEvent_AndAnotherOneIsNot()
    {
        // As it is after an answer of 503, when nobody knows whether the event has arrived.
        var site = await _router.CreateSite();
        var (tried, id) = (Guid.CreateVersion7(TimeProvider.System.GetUtcNow()), (await site.Refused(Wrong)).Id);
        await Claim(id, tried, Right);
        using var same = await Accept(site, id, Right);
        Assert.Equal(HttpStatusCode.Created, same.StatusCode);
        Assert.Equal($"{tried}", Assert.Single(await _router.Receiver.Wait(site.LeadManager.Path, 1)).MessageId);

        id = (await site.Refused(Wrong)).Id;
        await Claim(id, tried, Right);
        using var other = await Accept(site, id, Right.Replace("ann@", "eve@", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.Created, other.StatusCode);
        var arrived = (await _router.Receiver.Wait(site.LeadManager.Path, 2))[1];
        Assert.Equal("eve@mail.test", arrived.Json.GetProperty("email").GetString());
        Assert.NotEqual($"{tried}", arrived.MessageId);
    }

    [Fact]
    public async Task Contents_WithEndsOfLinesOfUnicode_AreCorrectedOnThePage()
    {
        var site = await _router.CreateSite();
        var (id, _) = await site.Refused(
            "{\"source\":\"web\",\"email\":\"ann@mail.test\",\"notes\":\"one\u2028two\",\"tags\":7}");
        using var @operator = new Browserless(_router.Api.Url);
        await @operator.SignIn(RouterFixture.OperatorsEmail, RouterFixture.OperatorsPassword);
        var seen = await @operator.Submit(await @operator.Get($"/sites/{site.Id}/refused/{id}"), "Show the contents");
        var shown = seen.Field("contents")!;
        Assert.Contains("\n", shown, StringComparison.Ordinal);
        await @operator.Submit(seen, "Accept it",
            ("contents", shown.Replace("7", "[]", StringComparison.Ordinal).Replace("\n", "\r\n", StringComparison.Ordinal)));
        var arrived = Assert.Single(await _router.Receiver.Wait(site.LeadManager.Path, 1));
        Assert.Equal("one\u2028two", arrived.Json.GetProperty("notes").GetString());
        // What only made it readable isn't sent.
        Assert.DoesNotContain("\n", Encoding.UTF8.GetString(arrived.Body), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Product_ThatIsRefusedOnAndOn_KeepsTheLatest()
    {
        var site = await _router.CreateSite();
        var (first, row) = await site.Refused("""{"source":"the first"}""");
        await using (var database = await _router.OpenDatabase())
        {
            await database.ExecuteAsync(
                """
                insert into refused_leads (id, product, site_id, operation, refused_at, status, reason, size)
                select later, @product, @Id, 'createLead', now(), 422, 'many', 2 from unnest(@ids) later
                """,
                new
                {
                    product = row.GetProperty("product").GetString(), site.Id,
                    ids = Enumerable.Range(0, 1000).Select(_ => Guid.CreateVersion7(TimeProvider.System.GetUtcNow())).ToArray(),
                });
        }

        await Refuse(422, site.Post(Wrong));
        await Eventually.Equal(
            1000, () => _router.Query<int>("select count(*) from refused_leads where site_id = @Id", new { site.Id }), "the oldest goes");
        Assert.Equal(0, await _router.Query<int>("select count(*) from refused_leads where id = @first", new { first }));
    }

    [Fact]
    public async Task Days_Fourteen_AreKeptAndNoMore()
    {
        await using var router = await RouterFixture.Start(shared.Servers, workers: 0);
        var site = await router.CreateSite();
        await site.Refused(Wrong);
        await using (var soon = new LaterRetention(router, days: 13))
            await soon.Tend();
        Assert.Single(await site.RefusedLeads());
        await using (var later = new LaterRetention(router, days: 15))
            await later.Tend();
        Assert.Empty(await site.RefusedLeads());
    }

    private async Task Claim(Guid id, Guid eventId, string body)
    {
        await using var database = await _router.OpenDatabase();
        await database.ExecuteAsync(
            "update refused_leads set event_id = @eventId, accepted_at = now(), digest = sha256(@body) where id = @id",
            new { id, eventId, body = Encoding.UTF8.GetBytes(body) });
    }

    private static JsonElement Parse(string json) => JsonDocument.Parse(json).RootElement;

    private static async Task Refuse(int status, Task<HttpResponseMessage> request)
    {
        using var refused = await request;
        Assert.Equal(status, (int)refused.StatusCode);
    }

    private Task<HttpResponseMessage> Accept(TestSite site, Guid id, string body) => _router.Admin.PostAsync(
        $"/api/sites/{site.Id}/refused-leads/{id}/accept",
        body.Length == 0 ? null : new StringContent(body, Encoding.UTF8, "application/json"));

    private async Task<int> Audited(TestSite site, string what) => await _router.Query<int>(
        "select count(*) from audit_log where site_id = @Id and kind = 'refused_leads' and changes ? @what", new { site.Id, what });
}
