using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>What is kept of a person is found, handed over and erased by whoever may, and written down.</summary>
public sealed class PersonTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Person_ExportedByAnOperator_IsAllOfThemAndNobodyElse()
    {
        var (first, second) = (await _router.CreateSite(), await _router.CreateSite());
        var (email, phone) = ($"ann-{Guid.NewGuid():N}@mail.test", $"808{Random.Shared.Next(1_000_000, 9_999_999)}");
        _router.Receiver.Answer(
            first.LeadManager.Path, async (context, _) => await context.Response.Body.WriteAsync("thank you"u8.ToArray()));
        await Post(first, new { email = email.ToUpperInvariant(), notes = "by address" });
        await Post(second, new { phone = $"+1 ({phone[..3]})  -  {phone[3..6]}-{phone[6..]}", first_name = "by number" });
        await Post(second, new { email = $"x{email}", notes = $"is somebody else, and knows {email}" });
        await Post(first, new { email = $"{email}.example", notes = "unlike" });
        var refused = await first.Refused($$"""{"source": true, "second_email": "{{email}}", "notes": "refused"}""");
        foreach (var (site, count) in new[] { (first, 2), (second, 2) })
            await Eventually.Equal(count, () => site.Count("delivered", site.LeadManager, "created"), "all are delivered");

        using var response = await _router.Admin.PostAsJsonAsync(
            "/api/person/export", new { email, phone = $"1 {phone}", reason = "Request 4711" });
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("attachment", response.Content.Headers.ContentDisposition?.DispositionType);
        var file = await response.Content.ReadFromJsonAsync<JsonElement>();
        var leads = file.GetProperty("leads").EnumerateArray().ToList();
        Assert.Equal([first.Id, second.Id], leads.Select(lead => lead.GetProperty("site_id").GetGuid()).OrderBy(id => id == second.Id));
        var events = leads.SelectMany(lead => lead.GetProperty("events").EnumerateArray()).ToList();
        Assert.Equal(["by address", null], events.Select(one => Text(one.GetProperty("contents"), "notes")).OrderBy(text => text is null));
        var sent = events.SelectMany(one => one.GetProperty("sent_to").EnumerateArray()).ToList();
        Assert.All(sent, one => Assert.Equal("delivered", Text(one, "state")));
        Assert.Contains(sent, one => Text(one.GetProperty("attempts")[0], "answer") == "thank you");
        Assert.Equal("refused", Text(file.GetProperty("refused")[0].GetProperty("contents"), "notes"));
        // Of somebody else's only where it is.
        Assert.Single(file.GetProperty("named_in_what_is_about_others").EnumerateArray());
        var all = await response.Content.ReadAsStringAsync();
        Assert.DoesNotContain("is somebody else", all, StringComparison.Ordinal);
        Assert.DoesNotContain("unlike", all, StringComparison.Ordinal);

        // In the list of changes of both sites, where their owners see it; and the person isn't in it.
        foreach (var site in new[] { first, second })
        {
            var row = (await _router.Admin.GetFromJsonAsync<JsonElement>($"/api/sites/{site.Id}/audit")).GetProperty("items")[0];
            Assert.Equal(("person", "shown", "Request 4711"), (Text(row, "kind"), Text(row, "action"), Text(row, "subject")));
        }

        Assert.DoesNotContain(email, await _router.Admin.GetStringAsync("/api/audit"), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(refused.Id, file.GetProperty("refused")[0].GetProperty("id").GetGuid());
    }

    [Fact]
    public async Task Person_WithAnAccount_GetsAllThatIsKeptOfIt()
    {
        var (email, link) = await PageClient.Invite(_router, "owner");
        using var browser = new PageClient(_router);
        await browser.Submit(link, ("password", PageClient.Password));
        await browser.MakeToken();
        await _router.Query<int>(
            """
            with account as (select id from accounts where email = @email), login as (
                insert into account_logins (issuer, subject, account_id) select 'https://provider.test', @email, id from account
            ), app as (
                insert into authenticator_apps (account_id, secret, last_step) select id, 'their secret', 0 from account
            )
            insert into passkeys (id, account_id, name, credential_id, public_key, sign_count, asked_at)
            select gen_random_uuid(), id, 'their laptop', convert_to(@email, 'utf8'), 'their key', 0, now() from account returning 1
            """, new { email });

        using var response = await _router.Admin.PostAsJsonAsync("/api/person/export", new { email, reason = "Request 4712" });
        var all = await response.Content.ReadAsStringAsync();
        var account = JsonSerializer.Deserialize<JsonElement>(all).GetProperty("account");
        Assert.Equal(email, Text(account, "email"));
        Assert.Equal(email, Text(Assert.Single(account.GetProperty("signs_in_at").EnumerateArray()), "subject"));
        Assert.Equal("their laptop", Text(Assert.Single(account.GetProperty("passkeys").EnumerateArray()), "name"));
        Assert.Equal(JsonValueKind.String, account.GetProperty("authenticator_app").GetProperty("created_at").ValueKind);
        Assert.Equal("invitation", Text(Assert.Single(account.GetProperty("sessions").EnumerateArray()), "how"));
        Assert.Equal("test", Text(Assert.Single(account.GetProperty("tokens").EnumerateArray()), "name"));
        Assert.Contains(account.GetProperty("accesses").EnumerateArray(), access => Text(access, "what") == "signed_in");
        // Nothing that lets somebody in.
        Assert.DoesNotContain("their secret", all, StringComparison.Ordinal);
        Assert.DoesNotContain("their key", all, StringComparison.Ordinal);
        Assert.DoesNotContain("sha256", all, StringComparison.Ordinal);
        Assert.DoesNotContain("password_hash", all, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, null, "r", "email")]
    [InlineData("no address", null, "r", "email")]
    [InlineData(null, "12345", "r", "phone")]
    [InlineData("ann@mail.test", null, null, "reason")]
    [InlineData("ann@mail.test", null, "ann@mail.test asks", "reason")]
    [InlineData(null, "808 555 0143", "call +1-808-555-0143", "reason")]
    public async Task Request_ThatIsIncompleteOrSaysTooMuch_IsRefused(string? email, string? phone, string? reason, string field)
    {
        foreach (var what in new[] { "search", "export", "erasure" })
        {
            using var response = await _router.Admin.PostAsJsonAsync($"/api/person/{what}", new { email, phone, reason });
            Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
            Assert.True((await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("errors").TryGetProperty(field, out _));
        }
    }

    [Fact]
    public async Task Owner_FindsExportsAndErasesAtTheirOwnSiteAlone()
    {
        var (site, neighbour) = (await _router.CreateSite(), await _router.CreateSite());
        var email = $"bo-{Guid.NewGuid():N}@mail.test";
        foreach (var one in new[] { site, neighbour })
        {
            await Post(one, new { email });
            await one.Delivery(one.LeadManager, "delivered");
        }

        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        using var api = new HttpClient { BaseAddress = _router.Api.Url };
        api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await owner.MakeToken());
        Assert.Equal(HttpStatusCode.Forbidden, (await api.PostAsJsonAsync("/api/person/export", new { email, reason = "r" })).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound,
            (await api.PostAsJsonAsync($"/api/sites/{neighbour.Id}/person/export", new { email, reason = "r" })).StatusCode);

        // No reason is needed at home.
        using var found = await api.PostAsJsonAsync($"/api/sites/{site.Id}/person/export", new { email });
        Assert.Equal(site.Id, Assert.Single((await found.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("leads").EnumerateArray())
            .GetProperty("site_id").GetGuid());
        using var erased = await api.PostAsJsonAsync($"/api/sites/{site.Id}/person/erasure", new { email });
        Assert.Equal(1, (await erased.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("leads").GetInt32());
        Assert.Equal((0, 1), (await Bodies(site), await Bodies(neighbour)));

        // Somebody who only looks may not; an operator who isn't an owner says why.
        using var viewer = await PageClient.Viewer(_router, site.Id);
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.Http.GetAsync($"/sites/{site.Id}/person")).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity,
            (await _router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/person/search", new { email })).StatusCode);
    }

    [Fact]
    public async Task Pages_LookExportAndErase()
    {
        var site = await _router.CreateSite();
        var email = $"cy-{Guid.NewGuid():N}@mail.test";
        await Post(site, new { email, notes = "kept" });
        await site.Delivery(site.LeadManager, "delivered");
        using var browser = new Browserless(_router.Api.Url);
        await browser.SignIn(RouterFixture.OperatorsEmail, RouterFixture.OperatorsPassword);
        var page = await browser.Get("/operator/person");
        page = await browser.Submit(page, "Look", ("email", email), ("reason", ""));
        Assert.Contains("required", page.Error("reason"), StringComparison.Ordinal);
        page = await browser.Submit(page, "Look", ("email", email), ("reason", "Request 12"));
        Assert.Contains("Lead Manager of A site", page.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("kept", page.Html.Replace("is kept", "", StringComparison.Ordinal)
            .Replace("be kept", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain(email, page.Url.PathAndQuery, StringComparison.Ordinal);
        var file = await browser.Submit(page, "Export as a file");
        Assert.Contains("\"kept\"", file.Html, StringComparison.Ordinal);
        page = await browser.Submit(page, "Erase this person's data");
        Assert.Contains("Erased: 1 lead, 1 message.", page.Text, StringComparison.Ordinal);
        Assert.Contains("was sent 1 message", page.Text, StringComparison.Ordinal);
        page = await browser.Submit(await browser.Get("/operator/person"), "Look", ("email", email), ("reason", "Request 12"));
        Assert.Contains("Nothing is kept of this person.", page.Text, StringComparison.Ordinal);
        Assert.Equal(0, await Bodies(site));
    }

    [Fact]
    public async Task CommandLine_FindsExportsAndErasesOnlyWhenToldTo()
    {
        var site = await _router.CreateSite();
        var email = $"di-{Guid.NewGuid():N}@mail.test";
        await Post(site, new { email, notes = "kept" });
        await site.Delivery(site.LeadManager, "delivered");
        var router = CommandLine.Of(_router);
        var file = await router.Run("person", "export", "--email", email, "--reason", "Request 13");
        Assert.Equal("kept", Text(file.Json.GetProperty("leads")[0].GetProperty("events")[0].GetProperty("contents"), "notes"));
        var looked = await router.Run("person", "erase", "--email", email, "--site", $"{site.Id}", "--reason", "Request 13");
        Assert.Contains("Nothing was erased", looked.Errors, StringComparison.Ordinal);
        Assert.Equal(1, await Bodies(site));
        var erased = await router.Run("person", "erase", "--email", email, "--site", $"{site.Id}", "--reason", "Request 13", "--yes");
        Assert.Contains("leads erased 1", erased.Output, StringComparison.Ordinal);
        Assert.Equal(0, await Bodies(site));
        Assert.Equal(2, (await router.Run("person", "find")).ExitCode);
    }

    private Task<int> Bodies(TestSite site) => _router.Query<int>(
        "select count(body)::int from lead_events where site_id = @Id and action = 'created'", new { site.Id });

    private static async Task Post(TestSite site, object fields)
    {
        var lead = JsonSerializer.SerializeToNode(fields)!.AsObject();
        lead["source"] = "test";
        Assert.Equal(HttpStatusCode.Created, (await site.Post(lead.ToJsonString())).StatusCode);
    }

    private static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.GetString() : null;
}
