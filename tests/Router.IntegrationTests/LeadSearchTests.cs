using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Owners find a person's lead, in the API and on the pages; operators see that it is there and how it fares.</summary>
public sealed class LeadSearchTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Theory]
    [InlineData("Keo")]
    [InlineData("ann KE")]
    [InlineData("KEO.example")]
    [InlineData("808 555 0117")]
    [InlineData("+1-808-555-0117")]
    [InlineData("0117")]
    public async Task Owner_FindsALead_ByAnyPartOfWhoItIs(string text)
    {
        var (site, http) = await SiteWithOwner();
        await Send(
            site, """{"first_name":"Ann","last_name":"Keo","email":"ann@keo.example","phone":"(808) 555-0117","source":"Open house"}""");
        await Send(
            site, """{"first_name":"Luis","last_name":"Ortega","email":"luis@ortega.example","phone":"(808) 555-0139","source":"Web"}""");

        var found = await Eventually.Get(() => Find(http, site, text), rows => rows.Count > 0, "it is found");
        var lead = Assert.Single(found);
        Assert.Equal(("Ann Keo", "ann@keo.example", "(808) 555-0117", "Open house"), (
            lead.GetProperty("name").GetString(), lead.GetProperty("email").GetString(), lead.GetProperty("phone").GetString(),
            lead.GetProperty("source").GetString()));
    }

    [Theory]
    [InlineData("100%")]
    [InlineData("a_n")]
    [InlineData("\\")]
    [InlineData("nobody")]
    [InlineData("'; drop table leads; --")]
    public async Task Text_ThatFitsNobody_FindsNobody(string text)
    {
        var (site, http) = await SiteWithOwner();
        await Send(site, """{"first_name":"Ann","email":"ann@keo.example","source":"Web"}""");
        await Eventually.Get(() => Find(http, site, ""), rows => rows.Count > 0, "it is there");
        Assert.Empty(await Find(http, site, text));
    }

    [Fact]
    public async Task Lead_ShowsWhatIsKnown_AndHowItFaresAtEachDestination()
    {
        var (site, http) = await SiteWithOwner();
        var down = await site.AddDestination("down");
        _router.Receiver.Answer(down.Path, async (context, _) =>
        {
            context.Response.StatusCode = 503;
            context.Response.Headers.RetryAfter = "3600";
            await Task.CompletedTask;
        });
        var lead = await Send(site, """{"first_name":"Ann","email":"ann@keo.example","source":"Web"}""");
        (await site.Send(HttpMethod.Patch, $"/leads/{lead}", """{"phone":"555 0117"}""")).EnsureSuccessStatusCode();
        await site.Delivery(down, "held", action: "updated");

        var row = (await Eventually.Get(
            () => Find(http, site, lead), rows => rows is [var one] && one.GetProperty("phone").GetString() == "555 0117",
            "the update is in it"))[0];
        Assert.Equal("ann@keo.example", row.GetProperty("email").GetString());
        Assert.Equal((1, 0), (row.GetProperty("updates").GetInt32(), row.GetProperty("activities").GetInt32()));
        Assert.Equal(
            ["delivered", "held"],
            row.GetProperty("destinations").EnumerateArray().Select(at => at.GetProperty("state").GetString()!));
        var view = await http.GetFromJsonAsync<JsonElement>($"/api/sites/{site.Id}/leads/{lead}");
        Assert.Equal(4, view.GetProperty("deliveries").GetArrayLength());
        // By the id of one of its messages, too.
        var message = view.GetProperty("deliveries")[0].GetProperty("event_id").GetString()!;
        Assert.Single(await Find(http, site, message));

        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        var list = await owner.Http.GetStringAsync($"/sites/{site.Id}/leads?q=ann");
        Assert.Contains("ann@keo.example", list, StringComparison.Ordinal);
        Assert.Contains("on hold", list, StringComparison.Ordinal);
        var page = await owner.Http.GetStringAsync($"/sites/{site.Id}/leads/{lead}");
        Assert.Contains("waits for an earlier message of this lead", page, StringComparison.Ordinal);
        Assert.Contains("Ann", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Operator_SeesThatALeadIsThere_NotWhoItIs()
    {
        var site = await _router.CreateSite();
        var lead = await Send(site, """{"first_name":"Ann","email":"ann@keo.example","source":"Web"}""");
        var row = (await Eventually.Get(() => Find(_router.Admin, site, lead), rows => rows.Count > 0, "it is there"))[0];
        Assert.Equal(JsonValueKind.Null, row.GetProperty("name").ValueKind);
        Assert.Equal(JsonValueKind.Null, row.GetProperty("email").ValueKind);
        using var byName = await _router.Admin.GetAsync($"/api/sites/{site.Id}/leads?q=ann");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, byName.StatusCode);

        using var pages = new PageClient(_router);
        await pages.SignIn(RouterFixture.OperatorsEmail, RouterFixture.OperatorsPassword);
        foreach (var path in new[] { "leads", "leads?q=ann", $"leads?q={lead}", $"leads/{lead}" })
        {
            var page = await pages.Http.GetStringAsync($"/sites/{site.Id}/{path}");
            Assert.DoesNotContain("keo", page, StringComparison.Ordinal);
        }

        // Nor does the owner of another site.
        var (_, http) = await SiteWithOwner();
        using var foreign = await http.GetAsync($"/api/sites/{site.Id}/leads");
        Assert.Equal(HttpStatusCode.NotFound, foreign.StatusCode);
    }

    [Fact]
    public async Task Lead_ThatIsErased_IsNotFound()
    {
        var (site, http) = await SiteWithOwner();
        var lead = await Send(site, """{"first_name":"Ann","email":"ann@keo.example","source":"Web"}""");
        await Eventually.Get(() => Find(http, site, "ann"), rows => rows.Count > 0, "it is found");
        (await _router.Admin.DeleteAsync($"/api/sites/{site.Id}/leads/{lead}")).EnsureSuccessStatusCode();
        Assert.Empty(await Find(http, site, "ann"));
        Assert.Equal(0, await _router.Query<long>("select count(*) from leads where site_id = @Id", new { site.Id }));
    }

    [Fact]
    public async Task Update_OfTheLastNameAlone_KeepsTheFirst()
    {
        var (site, http) = await SiteWithOwner();
        var lead = await Send(site, """{"first_name":"Ann","last_name":"Keo","email":"ann@keo.example","source":"Web"}""");
        (await site.Send(HttpMethod.Patch, $"/leads/{lead}", """{"last_name":"Tanaka"}""")).EnsureSuccessStatusCode();
        var found = await Eventually.Get(() => Find(http, site, "ann tanaka"), rows => rows.Count == 1, "the new name is found");
        Assert.Equal("Ann Tanaka", found[0].GetProperty("name").GetString());
    }

    [Fact]
    public async Task Lead_WithOddText_IsWritten()
    {
        var (site, http) = await SiteWithOwner();
        var endless = new string('é', 900);
        await Send(site, $$"""{"first_name":"A\u0000n\ud800n","last_name":"{{endless}}","email":"ann@keo.example","source":"Web"}""");
        await Eventually.Get(() => Find(http, site, "ann@keo"), rows => rows.Count == 1, "it is found");
    }

    [Fact]
    public async Task Leads_AreListedInPages_NewestFirst()
    {
        var (site, http) = await SiteWithOwner();
        List<string> sent = [];
        for (var i = 0; i < 5; i++)
            sent.Add(await Send(site, """{"email":"ann@keo.example","source":"Web"}"""));
        await Eventually.Get(() => Find(http, site, "ann"), rows => rows.Count == 5, "all are there");

        List<string> listed = [];
        for (string? next = ""; next is not null;)
        {
            var page = await http.GetFromJsonAsync<JsonElement>(
                $"/api/sites/{site.Id}/leads?q=ann&limit=2{(next.Length > 0 ? $"&cursor={next}" : "")}");
            listed.AddRange(page.GetProperty("items").EnumerateArray().Select(row => row.GetProperty("lead_id").GetGuid().ToString("N")));
            next = page.GetProperty("next").GetString();
        }

        Assert.Equal(Enumerable.Reverse(sent), listed);
    }

    private async Task<(TestSite Site, HttpClient Owner)> SiteWithOwner()
    {
        var site = await _router.CreateSite();
        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        var http = new HttpClient { BaseAddress = _router.Api.Url };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await owner.MakeToken());
        return (site, http);
    }

    private static async Task<string> Send(TestSite site, string json)
    {
        var lead = Guid.NewGuid().ToString("N");
        using var taken = await TestSite.UntilTaken(() => site.Post($$"""{"id":"{{lead}}",{{json[1..]}}"""));
        Assert.Equal(HttpStatusCode.Created, taken.StatusCode);
        return lead;
    }

    private static async Task<List<JsonElement>> Find(HttpClient http, TestSite site, string text) =>
        [.. (await http.GetFromJsonAsync<JsonElement>($"/api/sites/{site.Id}/leads?q={Uri.EscapeDataString(text)}"))
            .GetProperty("items").EnumerateArray()];
}

/// <summary>The table that searches read keeps what the ledger keeps.</summary>
public sealed class LeadIndexTests(TestServers servers)
{
    [Fact]
    public async Task Leads_ThatAWorkerDidNotWrite_AreFoundAfterAStart()
    {
        await using var router = await RouterFixture.Start(servers);
        var site = await router.CreateSite();
        await site.PostLead();
        await Eventually.Equal(1, () => router.Query<long>("select count(*) from leads"), "it is written");
        await using (var database = await router.OpenDatabase())
        {
            // As if the worker had died before: and accepted long enough ago not to be on its way there.
            await database.ExecuteAsync("delete from leads; update lead_events set accepted_at = accepted_at - interval '1 minute'");
        }

        await router.Host("Router.Worker").Ready();
        await Eventually.Equal(
            1, () => router.Query<long>("select count(*) from leads where email = 'jack@mail.test'"), "it is there again");
    }

    [Fact]
    public async Task Names_GoWithTheContents_AndRowsWithTheRows()
    {
        await using var router = await RouterFixture.Start(servers, workers: 1, ("Retention:Interval", "00:00:00.2"));
        var site = await router.CreateSite();
        var (young, old, oldest) = (await site.PostLead(), await site.PostLead(), await site.PostLead());
        await Eventually.Equal(3, () => router.Query<long>("select count(*) from leads"), "they are written");
        await using (var database = await router.OpenDatabase())
        {
            await database.ExecuteAsync(
                """
                update leads set first_at = now() - interval '31 days' where lead_id = @Old;
                update leads set first_at = now() - interval '400 days', last_at = now() - interval '400 days' where lead_id = @Oldest
                """, new { Old = Guid.Parse(old), Oldest = Guid.Parse(oldest) });
        }

        await Eventually.Equal(
            "jack@mail.test", () => router.Query<string>("select string_agg(email, '') from leads"), "only the young one has an address");
        await Eventually.Equal(2, () => router.Query<long>("select count(*) from leads"), "the oldest is gone");
        Assert.Equal(
            "jack@mail.test",
            await router.Query<string>("select email from leads where lead_id = @id", new { id = Guid.Parse(young) }));
    }
}
