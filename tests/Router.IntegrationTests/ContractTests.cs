using System.Net;
using System.Text;
using System.Text.Json;
using Router.IntegrationTests.Servers;

namespace Router.IntegrationTests;

/// <summary>The incoming endpoints and what each makes receivers see.</summary>
public sealed class ContractTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private const string Lead = "A27C20AF4497415d9e4e7334dd1d40d2";

    private readonly RouterFixture _router = shared.Router;

    [Theory]
    [InlineData("/rest", """{"first_name":"","last_name":"Johnson","city":"","nested":{"empty":""},"tags":[]}""", """{"last_name":"Johnson","nested":{"empty":""},"tags":[],"action":""")]
    [InlineData("/v2/rest", """{"first_name":"","last_name":"Johnson","city":""}""", """{"first_name":"","last_name":"Johnson","city":"","action":""")]
    [InlineData("/rest", """{}""", """{"action":""")]
    public async Task Patch_OfALead_SendsOnlyWhatChanges(string prefix, string change, string expected)
    {
        var site = await _router.CreateSite();
        await AssertOk(200, await site.Send(HttpMethod.Patch, $"/leads/{Lead}", change, prefix: prefix));
        var received = Assert.Single(await _router.Receiver.Wait(site.LeadManager.Path, 1));
        Assert.Equal("updated", received.Action);
        // The id in the spelling of the path.
        Assert.StartsWith(expected, Encoding.UTF8.GetString(received.Body), StringComparison.Ordinal);
        Assert.Equal(Lead, received.Json.GetProperty("id").GetString());
        Assert.Equal("updated", received.Json.GetProperty("action").GetString());
        Assert.True(received.IsSignedWith(site.LeadManager.Secret));
    }

    [Theory]
    [InlineData("PATCH", "/rest", "/leads/" + Lead, """{"email":"nobody"}""")]
    [InlineData("PATCH", "/v2/rest", "/leads/" + Lead, """{"role":"Somebody"}""")]
    [InlineData("PATCH", "/rest", "/leads/" + Lead, """{"activities":[{"type":"note"}]}""")]
    [InlineData("POST", "/rest", "/leads/" + Lead + "/activities", """[{"source":"s"}]""")]
    [InlineData("POST", "/rest", "/leads/" + Lead + "/activities", """[{"type":"t"}]""")]
    [InlineData("POST", "/rest", "/leads/" + Lead + "/activities", """["visited"]""")]
    [InlineData("POST", "/rest", "/potential-seller-leads", """{"activities":[]}""")]
    [InlineData("POST", "/rest", "/potential-seller-leads", """{}""")]
    [InlineData("POST", "/rest", "/potential-seller-leads", """{"activities":[{"type":"property_viewed","source":"s"}]}""")]
    public async Task Request_ThatDoesNotValidate_Is422(string method, string prefix, string path, string body)
    {
        var site = await _router.CreateSite();
        var response = await site.Send(new HttpMethod(method), path, body, prefix: prefix);
        Assert.Equal(422, (int)response.StatusCode);
        Assert.EndsWith(".", await Error(response), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("PATCH", "/rest", "/leads/not-a-uuid", "{}", 404)]
    [InlineData("PATCH", "/rest", "/leads/" + Lead, "[]", 400)]
    [InlineData("POST", "/rest", "/leads/" + Lead + "/activities", "{}", 400)]
    [InlineData("POST", "/rest", "/leads/" + Lead, "{}", 405)]
    [InlineData("POST", "/v2/rest", "/leads", "{}", 404)]
    [InlineData("POST", "/v2/rest", "/leads/" + Lead, "{}", 405)]
    [InlineData("POST", "/rest", "/users", "{}", 405)]
    [InlineData("GET", "/rest", "/potential-seller-leads", null, 405)]
    public async Task Request_OfTheWrongShape_SaysSo(string method, string prefix, string path, string? body, int status)
    {
        var site = await _router.CreateSite();
        var response = await site.Send(new HttpMethod(method), path, body, prefix: prefix);
        Assert.Equal(status, (int)response.StatusCode);
        await Error(response);
    }

    [Fact]
    public async Task Activities_Added_ArriveWithTheirDefaultsFilledIn()
    {
        var site = await _router.CreateSite();
        await AssertOk(200, await site.Post(
            """[{"type":"note","source":"s","created":"2015-10-01T06:14:01Z","price": 2.50},{"type":"called","source":"s"}]""", $"/leads/{Lead}/activities"));
        var received = Assert.Single(await _router.Receiver.Wait(site.LeadManager.Path, 1));
        Assert.Equal("activity_added", received.Action);
        Assert.Equal(Lead, received.Json.GetProperty("id").GetString());
        Assert.StartsWith("""{"activities":[{"type":"note","source":"s","created":"2015-10-01T06:14:01Z","price": 2.50},{"type":"called","source":"s","created":"20""", Encoding.UTF8.GetString(received.Body), StringComparison.Ordinal);
        Assert.Equal(received.Headers["X-Lead-Router-Timestamp"], received.Json.GetProperty("activities")[1].GetProperty("created").GetString());
    }

    [Fact]
    public async Task Activities_NestedAsDeepAsIsAllowed_AreDelivered()
    {
        var site = await _router.CreateSite();
        await AssertOk(200, await site.Post($$"""[{"type":"t","source":"s","x":{{new string('[', 62)}}{{new string(']', 62)}}}]""", $"/leads/{Lead}/activities"));
        await site.Delivery(site.LeadManager, "delivered", action: "activity_added");
    }

    [Fact]
    public async Task Activity_OfALeadWithASource_TakesIt()
    {
        var site = await _router.CreateSite();
        await AssertOk(201, await site.Post("""{"source":"Web","email":"a@b.c","activities":[{"type":"visited","created":"2015-10-01T06:14:01Z"}]}"""));
        var activity = Assert.Single(await _router.Receiver.Wait(site.LeadManager.Path, 1)).Json.GetProperty("activities")[0];
        Assert.Equal("Web", activity.GetProperty("source").GetString());
        Assert.Equal("2015-10-01T06:14:01Z", activity.GetProperty("created").GetString());
    }

    [Fact]
    public async Task PotentialSeller_Posted_IsALeadOfThatRole()
    {
        var site = await _router.CreateSite();
        await AssertOk(201, await site.Post(
            """{"activities":[{"type":"property_viewed","source":"s","created":"2015-10-01T06:14:01Z","property":{"city":"Honolulu","beds":"3"}}]}""", "/potential-seller-leads"));
        var received = Assert.Single(await _router.Receiver.Wait(site.LeadManager.Path, 1));
        Assert.Equal("created", received.Action);
        Assert.Equal("Potential Seller", received.Json.GetProperty("role").GetString());
        Assert.True(Guid.TryParse(received.Json.GetProperty("id").GetString(), out _));
        Assert.Equal("3", received.Json.GetProperty("activities")[0].GetProperty("property").GetProperty("beds").GetString());
    }

    [Fact]
    public async Task Lead_PostedTwice_IsTwoEvents()
    {
        var site = await _router.CreateSite();
        var lead = $$"""{"id":"{{Lead}}","source":"s","email":"a@b.c"}""";
        await AssertOk(201, await site.Post(lead));
        await AssertOk(201, await site.Post(lead));
        var received = await _router.Receiver.Wait(site.LeadManager.Path, 2);
        Assert.Equal(2, received.Select(request => request.MessageId).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task Users_PutListedAndDeleted_FanOut()
    {
        var site = await _router.CreateSite(asLeadManager: true);
        const string user = """{"name":"Ben Harper","role":"Agent","admin":false,"email":"ben@mail.test","extra":1.50}""";
        await AssertOk(200, await site.Send(HttpMethod.Put, "/users/agent-7", user));
        var put = Assert.Single(await _router.Receiver.Wait(site.LeadManager.Path, 1));
        Assert.Equal("user_updated", put.Action);
        Assert.Equal(
            $$"""{"name":"Ben Harper","role":"Agent","admin":false,"email":"ben@mail.test","extra":1.50,"id":"agent-7","action":"user_updated","site_uuid":"{{site.Id}}","partner_id":"lm"}""",
            Encoding.UTF8.GetString(put.Body));

        var list = await site.Send(HttpMethod.Get, "/users");
        Assert.Equal("""[{"name":"Ben Harper","role":"Agent","admin":false,"email":"ben@mail.test","extra":1.50,"id":"agent-7"}]""", await list.Content.ReadAsStringAsync());

        await AssertOk(200, await site.Send(HttpMethod.Delete, "/users/agent-7"));
        var deleted = (await _router.Receiver.Wait(site.LeadManager.Path, 2))[1].Json;
        Assert.True(deleted.GetProperty("deleted").GetBoolean());
        Assert.Equal(("agent-7", "Ben Harper"), (deleted.GetProperty("id").GetString(), deleted.GetProperty("name").GetString()));
        Assert.Equal("[]", await (await site.Send(HttpMethod.Get, "/users/")).Content.ReadAsStringAsync());

        // As the Ruby client sends it: a content type and no body; and for a user that was never heard of.
        await AssertOk(200, await site.Send(HttpMethod.Delete, "/users/unknown", ""));
        Assert.Equal("unknown", (await _router.Receiver.Wait(site.LeadManager.Path, 3))[2].Json.GetProperty("id").GetString());
        await site.AssertAccountedFor(events: 3);
    }

    [Fact]
    public async Task Users_WrittenByAnotherProduct_Are403()
    {
        var site = await _router.CreateSite();
        Assert.Equal(403, (int)(await site.Send(HttpMethod.Put, "/users/1", "{}")).StatusCode);
        Assert.Equal(403, (int)(await site.Send(HttpMethod.Delete, "/users/1")).StatusCode);
        Assert.Equal("[]", await (await site.Send(HttpMethod.Get, "/users")).Content.ReadAsStringAsync());
        var leadManager = await _router.CreateSite(asLeadManager: true);
        Assert.Equal("User field 'admin' is not a valid boolean.", await Error(await leadManager.Send(HttpMethod.Put, "/users/1", """{"admin":"yes"}""")));
        Assert.Equal("User field 'role' is not one of Agent, Lender.", await Error(await leadManager.Send(HttpMethod.Put, "/users/1", """{"role":"Chief"}""")));
    }

    [Fact]
    public async Task Sender_ChoosesDestinations_OnlyThoseAndLeadManagerGetIt()
    {
        var site = await _router.CreateSite();
        var (one, two, three) = (await site.AddDestination("One"), await site.AddDestination("Two"), await site.AddDestination("Three"));
        await Task.Delay(500);
        await AssertOk(201, await site.Post("""{"source":"s","email":"a@b.c"}""", change: request =>
            request.Headers.Add("X-ROUTER-DESTINATIONS", $"one, {three.Id} ,Nobody, Somebody else")));

        var delivery = await site.Delivery(site.LeadManager, "delivered");
        await site.Delivery(one, "delivered");
        await site.Delivery(three, "delivered");
        Assert.Empty(_router.Receiver.At(two.Path));
        Assert.Equal(["Nobody", "Somebody else"], delivery.GetProperty("unknown_destinations").EnumerateArray().Select(name => name.GetString()));

        await AssertOk(201, await site.Post("""{"source":"s","email":"a@b.c"}""", change: request => request.Headers.Add("X-ROUTER-DESTINATIONS", "Nobody")));
        await _router.Receiver.Wait(site.LeadManager.Path, 2);
        await site.AssertAccountedFor(events: 2);
        Assert.Single(_router.Receiver.At(one.Path));
    }

    [Fact]
    public async Task IdempotencyKey_Repeated_FansOutOnceUnderOneMessageId()
    {
        var site = await _router.CreateSite();
        for (var i = 0; i < 5; i++)
            await AssertOk(201, await Keyed("a key"));
        await AssertOk(201, await Keyed("another key"));
        await _router.Receiver.Wait(site.LeadManager.Path, 2);
        await AssertOk(201, await site.Post("""{"source":"s","email":"a@b.c"}"""));
        await _router.Receiver.Wait(site.LeadManager.Path, 3);
        Assert.Equal(3, _router.Receiver.At(site.LeadManager.Path).Count);
        Assert.Equal(3, _router.Receiver.At(site.LeadManager.Path).Select(request => request.MessageId).Distinct(StringComparer.Ordinal).Count());
        await site.AssertAccountedFor(events: 3);

        Assert.Equal(422, (int)(await Keyed("")).StatusCode);
        Assert.Equal(422, (int)(await Keyed(new string('k', 256))).StatusCode);

        Task<HttpResponseMessage> Keyed(string key) => site.Post(
            """{"source":"s","email":"a@b.c"}""", change: request => request.Headers.TryAddWithoutValidation("Idempotency-Key", key));
    }

    [Theory]
    [InlineData(23, 1)]
    [InlineData(25, 2)]
    public async Task IdempotencyKey_RepeatedOnTheNextDay_IsKnownFor24Hours(int hoursLater, int expected)
    {
        var site = await _router.CreateSite();
        var (first, second) = (Guid.NewGuid(), Guid.NewGuid());
        var accepted = TimeProvider.System.GetUtcNow().AddHours(-30);
        await Publish(first, null, accepted);
        await _router.Receiver.Wait(site.LeadManager.Path, 1);
        await Publish(second, first, accepted.AddHours(hoursLater));
        await site.PostLead();
        await Eventually.True(() => _router.Receiver.At(site.LeadManager.Path).Count == expected + 1, "the rest has arrived");
        await site.AssertAccountedFor(expected + 1);

        Task Publish(Guid id, Guid? repeats, DateTimeOffset at) => _router.Broker.Publish(_router.VirtualHost, "lead-events", JsonSerializer.Serialize(new
        {
            event_id = id, repeats, site_id = site.Id, action = "created", lead_id = Guid.NewGuid(), accepted_at = at, product = "p", source_system = "P", lead = new { },
        }));
    }

    [Fact]
    public async Task ActiveFlag_Changed_TheDestinationIsTold()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("told");
        await site.Patch(destination, new { active = false });
        var disabled = await _router.Receiver.WaitFor(destination.Path, "integration_disabled");
        Assert.Equal(
            $$"""{"action":"integration_disabled","id":"{{disabled.MessageId}}","site_uuid":"{{site.Id}}","site_domain":"www.site.test","partner_id":"partner told"}""",
            Encoding.UTF8.GetString(disabled.Body));
        Assert.True(disabled.IsSignedWith(destination.Secret));
        await site.Delivery(destination, "delivered", action: "integration_disabled");

        await site.Patch(destination, new { active = true });
        await _router.Receiver.WaitFor(destination.Path, "integration_enabled");
        // No change, no message.
        await site.Patch(destination, new { active = true, name = "renamed" });
        (await _router.Admin.DeleteAsync($"/api/sites/{site.Id}/destinations/{destination.Id}")).EnsureSuccessStatusCode();
        await Eventually.True(() => _router.Receiver.All.Count(request => request.Path == destination.Path && request.Action == "integration_disabled") == 2, "told of the end");
        Assert.Equal(3, _router.Receiver.All.Count(request => request.Path == destination.Path));
        Assert.DoesNotContain(_router.Receiver.All, request => request.Path == site.LeadManager.Path);
    }

    private static async Task AssertOk(int status, HttpResponseMessage response)
    {
        Assert.Equal((status, "{}"), ((int)response.StatusCode, await response.Content.ReadAsStringAsync()));
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
    }

    private static async Task<string> Error(HttpResponseMessage response)
    {
        Assert.False(response.IsSuccessStatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        return Assert.Single(JsonSerializer.Deserialize<Dictionary<string, string>>(await response.Content.ReadAsStringAsync())!, pair => pair.Key == "error").Value;
    }
}
