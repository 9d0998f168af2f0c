using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>The integrations that come with the router, at receivers as strict as their makers' documentation.</summary>
public sealed class ReadyMadeTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task FollowUpBoss_ConnectedByPastingOneKey_GetsNewLeadsAsItsEvents()
    {
        var path = $"/v1/events-{Guid.NewGuid():N}";
        _router.Receiver.Answer(path, FollowUpBoss.Answer);
        using var incomplete = await _router.Admin.PostAsJsonAsync("/api/integrations", new { ready_made = "follow_up_boss" });
        Assert.Equal(HttpStatusCode.UnprocessableEntity, incomplete.StatusCode);
        Assert.Contains("X-System", await incomplete.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var name = $"Follow Up Boss {Guid.NewGuid():N}";
        var integration = await Ok(_router.Admin.PostAsJsonAsync("/api/integrations", new
        {
            ready_made = "follow_up_boss", name, url = new Uri(_router.Receiver.Url, path), secret = "ours", published = true,
            headers = new Dictionary<string, string> { ["X-System"] = FollowUpBoss.System, ["X-System-Key"] = FollowUpBoss.SystemKey },
        }));
        Assert.Equal(
            ["X-System", "X-System-Key"],
            integration.GetProperty("header_names").EnumerateArray().Select(header => header.GetString()));

        // The owner pastes one thing.
        var site = await _router.CreateSite();
        var (_, link) = await PageClient.Invite(_router, "owner", site.Id);
        using var owner = new Browserless(_router.Api.Url);
        await owner.Submit(await owner.Get(link), "Save and sign in", ("password", PageClient.Password));
        var connect = await owner.Get($"/sites/{site.Id}/catalogue/{integration.GetProperty("id").GetGuid()}");
        Assert.DoesNotContain("Partner ID", connect.Text, StringComparison.Ordinal);
        var empty = await owner.Submit(connect, "Save", ("active", "true"));
        Assert.Contains("Enter your API key.", empty.Text, StringComparison.Ordinal);
        var connected = await owner.Submit(empty, "Save", ("key", FollowUpBoss.ApiKey), ("active", "true"));
        Assert.Contains($"{name} is connected", connected.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(FollowUpBoss.ApiKey, connected.Html, StringComparison.Ordinal);
        var destination = Guid.Parse(connected.Path.Split('/')[^1]);

        var lead = await Post(site, "Website", "Kim \"K\" O'Neil");
        var archived = await Post(site, FollowUpBoss.ArchivedSource, "Ann");
        await site.UpdateLead(lead, "an update");
        await _router.Receiver.Wait(path, 2);
        var delivered = await Delivery(site, destination, lead);
        Assert.Equal("delivered", delivered.GetProperty("state").GetString());
        var sent = _router.Receiver.At(path).First(request => request.Json.GetProperty("source").GetString() == "Website");
        Assert.True(sent.IsSignedWith("ours"), "the signature is over the bytes that were sent");
        Assert.Equal(
            ("Seller Inquiry", "Kim \"K\" O'Neil", "ann@mail.test", 725_000, "Test Website"),
            (sent.Json.GetProperty("type").GetString(), sent.Json.GetProperty("person").GetProperty("firstName").GetString(),
                sent.Json.GetProperty("person").GetProperty("emails")[0].GetProperty("value").GetString(),
                sent.Json.GetProperty("property").GetProperty("price").GetInt32(), sent.Json.GetProperty("system").GetString()));

        // Received but ignored: refused, with the reason, and not sent again.
        Assert.Equal("rejected", (await Delivery(site, destination, archived)).GetProperty("state").GetString());
        var page = await owner.Get($"/sites/{site.Id}/leads/{archived}");
        Assert.Contains("received but ignored by Follow Up Boss", page.Text, StringComparison.Ordinal);

        // The update isn't sent, and the statement says so.
        await site.Delivery(site.LeadManager, "delivered", action: "updated");
        var statement = await Statement(site, destination, received: 3);
        Assert.Equal((1, 1, 1), (Count(statement, "delivered"), Count(statement, "rejected"), Count(statement, "skipped")));

        // The go-live check asks of it what it can do.
        using var check = await _router.Admin.PostAsJsonAsync(
            $"/api/sites/{site.Id}/destinations/{destination}/checks", new { go_live = true });
        var id = (await check.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
        await Eventually.Get(
            () => _router.Admin.GetFromJsonAsync<JsonElement>($"/api/sites/{site.Id}/destinations/{destination}/checks/{id}"),
            report => report.GetProperty("passed").GetBoolean(), "it passes");
    }

    [Fact]
    public async Task Salesforce_ConnectedByItsOrganizationId_GetsNewLeadsAsForms()
    {
        var path = $"/servlet-{Guid.NewGuid():N}";
        _router.Receiver.Answer(path, WebToLead.Answer);
        var integration = await Ok(_router.Admin.PostAsJsonAsync("/api/integrations", new
        {
            ready_made = "salesforce_web_to_lead", name = $"Salesforce {Guid.NewGuid():N}", url = new Uri(_router.Receiver.Url, path),
            secret = "ours", published = true,
        }));
        var site = await _router.CreateSite();
        var destination = (await Ok(_router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/destinations", new
        {
            integration_id = integration.GetProperty("id").GetGuid(), partner_id = "00D5g00000ABCDE",
        }))).GetProperty("id").GetGuid();

        var lead = await Post(site, "Website & more", "Zoë = 100%");
        Assert.Equal("delivered", (await Delivery(site, destination, lead)).GetProperty("state").GetString());
        var sent = Assert.Single(_router.Receiver.At(path));
        var fields = WebToLead.Fields(sent);
        Assert.Equal(
            ("00D5g00000ABCDE", "Zoë = 100%", "Lee", "Website & more", "Private person"),
            (fields["oid"], fields["first_name"], fields["last_name"], fields["lead_source"], fields["company"]));
        Assert.True(sent.IsSignedWith("ours"), "the signature is over the bytes that were sent");

        // The request as it was sent is shown readably.
        var page = await PageClient.SignedIn(_router, "owner", site.Id);
        var delivery = await Delivery(site, destination, lead);
        var text = new Browsed(200, _router.Api.Url, await page.Http.GetStringAsync(
            $"/sites/{site.Id}/deliveries/{delivery.GetProperty("event_id").GetGuid()}/{destination}")).Text;
        Assert.Contains("first_name = Zoë = 100%", text, StringComparison.Ordinal);
    }

    private static async Task<string> Post(TestSite site, string source, string name)
    {
        var id = Guid.NewGuid().ToString("N");
        await Answers.AssertOk(201, await site.Post(JsonSerializer.Serialize(new
        {
            id, source, first_name = name, last_name = "Lee", email = "ann@mail.test",
            activities = new[] { new { type = "valuation_inquiry", source, property = new { city = "Hilo", list_price = "725000" } } },
        })));
        return id;
    }

    private static async Task<JsonElement> Delivery(TestSite site, Guid destination, string lead) => await Eventually.Get(
        async () => (await site.Deliveries()).GetProperty("items").EnumerateArray().FirstOrDefault(row =>
            row.GetProperty("destination_id").GetGuid() == destination && row.GetProperty("lead_id").GetString() == lead
            && row.GetProperty("finished_at").ValueKind is not JsonValueKind.Null),
        row => row.ValueKind is not JsonValueKind.Undefined, "it has an outcome");

    private Task<JsonElement> Statement(TestSite site, Guid destination, int received) => Eventually.Get(
        async () => (await _router.Admin.GetFromJsonAsync<JsonElement>($"/api/sites/{site.Id}/statement")).GetProperty("rows")
            .EnumerateArray().First(row => row.GetProperty("destination_id").GetGuid() == destination),
        row => Count(row, "received") == received && Count(row, "retrying") == 0, "all is accounted for");

    private static long Count(JsonElement row, string state) => row.GetProperty(state).GetInt64();

    private static async Task<JsonElement> Ok(Task<HttpResponseMessage> request)
    {
        using var response = await request;
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode}: {text}");
        return JsonSerializer.Deserialize<JsonElement>(text);
    }
}
