using System.Net;
using System.Text;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>The incoming endpoints and what each makes receivers see.</summary>
public sealed class ContractTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private const string Lead = "A27C20AF4497415d9e4e7334dd1d40d2";

    private readonly RouterFixture _router = shared.Router;

    [Theory]
    [InlineData("/rest", """{"first_name":"","last_name":"Johnson","city":"","nested":{"empty":""},"tags":[]}""",
        """{"last_name":"Johnson","nested":{"empty":""},"tags":[],"action":""")]
    [InlineData("/v2/rest", """{"first_name":"","last_name":"Johnson","city":""}""",
        """{"first_name":"","last_name":"Johnson","city":"","action":""")]
    [InlineData("/rest", """{}""", """{"action":""")]
    public async Task Patch_OfALead_SendsOnlyWhatChanges(string prefix, string change, string expected)
    {
        var site = await _router.CreateSite();
        await Answers.AssertOk(200, await site.Send(HttpMethod.Patch, $"/leads/{Lead}", change, prefix: prefix));
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
    [InlineData("PATCH", "/rest", "/leads/" + Lead, """{"activities":[{"type":true}]}""")]
    [InlineData("POST", "/rest", "/leads/" + Lead + "/activities", """[{"source":"s"}]""")]
    [InlineData("POST", "/rest", "/leads/" + Lead + "/activities", """["visited"]""")]
    [InlineData("POST", "/rest", "/potential-seller-leads", """{"activities":[]}""")]
    [InlineData("POST", "/rest", "/potential-seller-leads", """{}""")]
    [InlineData("POST", "/rest", "/potential-seller-leads", """{"activities":[{"type":"property_viewed","source":"s"}]}""")]
    public async Task Request_ThatDoesNotValidate_Is422(string method, string prefix, string path, string body)
    {
        var site = await _router.CreateSite();
        var response = await site.Send(new HttpMethod(method), path, body, prefix: prefix);
        Assert.Equal(422, (int)response.StatusCode);
        Assert.EndsWith(".", await Answers.Error(response), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("PATCH", "/rest", "/leads/not-a-uuid", "{}", 404)]
    [InlineData("PATCH", "/rest", "/leads/+27c20af-4497-415d-9e4e-7334dd1d40d2", "{}", 404)]
    [InlineData("PATCH", "/rest", "/leads/00000000-0000-0000-0000-000000000000", "{}", 404)]
    [InlineData("POST", "/rest", "/leads/00000000000000000000000000000000/activities", "[]", 404)]
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
        await Answers.Error(response);
    }

    [Fact]
    public async Task Activities_Added_ArriveWithTheirDefaultsFilledIn()
    {
        var site = await _router.CreateSite();
        await Answers.AssertOk(200, await site.Post(
            """[{"type":"note","source":"s","created":"2015-10-01T06:14:01Z","price": 2.50},{"type":"called","source":"s"}]""",
            $"/leads/{Lead}/activities"));
        var received = Assert.Single(await _router.Receiver.Wait(site.LeadManager.Path, 1));
        Assert.Equal("activity_added", received.Action);
        Assert.Equal(Lead, received.Json.GetProperty("id").GetString());
        Assert.StartsWith(
            """{"activities":[{"type":"note","source":"s","created":"2015-10-01T06:14:01Z","price": 2.50},"""
            + """{"type":"called","source":"s","created":"20""",
            Encoding.UTF8.GetString(received.Body), StringComparison.Ordinal);
        Assert.Equal(received.Headers["X-Lead-Router-Timestamp"],
            received.Json.GetProperty("activities")[1].GetProperty("created").GetString());
    }

    [Fact]
    public async Task Activities_NestedAsDeepAsIsAllowed_AreDelivered()
    {
        var site = await _router.CreateSite();
        await Answers.AssertOk(200,
            await site.Post($$"""[{"type":"t","source":"s","x":{{new string('[', 62)}}{{new string(']', 62)}}}]""",
            $"/leads/{Lead}/activities"));
        await site.Delivery(site.LeadManager, "delivered", action: "activity_added");
    }

    [Fact]
    public async Task Activity_OfALeadWithASource_TakesIt()
    {
        var site = await _router.CreateSite();
        await Answers.AssertOk(201,
            await site.Post("""{"source":"Web","email":"a@b.c","activities":[{"type":"visited","created":"2015-10-01T06:14:01Z"}]}"""));
        var activity = Assert.Single(await _router.Receiver.Wait(site.LeadManager.Path, 1)).Json.GetProperty("activities")[0];
        Assert.Equal("Web", activity.GetProperty("source").GetString());
        Assert.Equal("2015-10-01T06:14:01Z", activity.GetProperty("created").GetString());
    }

    [Fact]
    public async Task Updates_CarryNoTimeOfOursAndTheProductAsSource()
    {
        var site = await _router.CreateSite();
        await Answers.AssertOk(
            200, await site.Send(HttpMethod.Patch, $"/leads/{Lead}", """{"zip":96815,"activities":[{"type":"note"}]}"""));
        await Answers.AssertOk(200, await site.Post("""[{"type":"note","description":7}]""", $"/leads/{Lead}/activities"));
        await Answers.AssertOk(
            200, await site.Send(HttpMethod.Patch, $"/leads/{Lead}", """{"source":"Theirs","created":"2015-10-01T06:14:01Z"}"""));
        var received = (await _router.Receiver.Wait(site.LeadManager.Path, 3)).Select(request => request.Json).ToList();
        foreach (var change in received.Where(lead => !lead.TryGetProperty("created", out _)))
        {
            Assert.Equal("Test Website", change.GetProperty("source").GetString());
            Assert.Equal("Test Website", change.GetProperty("activities")[0].GetProperty("source").GetString());
        }

        Assert.Equal(2, received.Count(lead => !lead.TryGetProperty("created", out _)));
        Assert.Equal("96815", Assert.Single(received, lead => lead.TryGetProperty("zip", out _)).GetProperty("zip").GetRawText());
        Assert.Equal("Theirs", Assert.Single(received, lead => lead.TryGetProperty("created", out _)).GetProperty("source").GetString());
    }

    [Fact]
    public async Task Lead_WithABlankSource_GetsTheProductsName()
    {
        var site = await _router.CreateSite();
        await Answers.AssertOk(
            201, await site.Post("""{"source":" ","phone":8088172382,"tags":{},"email":" ","activities":[{"type":"t","property":[]}]}"""));
        var received = Assert.Single(await _router.Receiver.Wait(site.LeadManager.Path, 1));
        Assert.StartsWith(
            """{"source":"Test Website","phone":8088172382,"tags":{},"email":" ","activities":["""
            + """{"type":"t","property":[],"source":"Test Website","created":""",
            Encoding.UTF8.GetString(received.Body), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("PATCH", "/rest", "/v2/leads/" + Lead)]
    [InlineData("PATCH", "/REST", "//V2/Leads/" + Lead)]
    [InlineData("PATCH", "//v2//rest", "//leads/" + Lead + "//")]
    [InlineData("PATCH", "/v2/rest", "/leads/%20" + Lead + "%20")]
    public async Task Patch_OfVersion2_HasManySpellings(string method, string prefix, string path)
    {
        var site = await _router.CreateSite();
        await Answers.AssertOk(200, await site.Send(new HttpMethod(method), path, """{"city":"","state":"HI"}""", prefix: prefix));
        var received = Assert.Single(await _router.Receiver.Wait(site.LeadManager.Path, 1));
        Assert.StartsWith("""{"city":"","state":"HI","action":"updated",""", Encoding.UTF8.GetString(received.Body),
            StringComparison.Ordinal);
        Assert.Equal(Lead, received.Json.GetProperty("id").GetString());
    }

    [Theory]
    [InlineData("""{"id":" a27c20af-4497-415d-9e4e-7334dd1d40d2\n","source":"s","city":"c"}""", "a27c20af-4497-415d-9e4e-7334dd1d40d2")]
    [InlineData("""{"id":"00000000-0000-0000-0000-000000000000","source":"s","city":"c"}""", null)]
    public async Task Lead_WithAnOddId_IsSentUnderOneThatReceiversCanKey(string lead, string? expected)
    {
        var site = await _router.CreateSite();
        await Answers.AssertOk(201, await site.Post(lead));
        var id = Assert.Single(await _router.Receiver.Wait(site.LeadManager.Path, 1)).Json.GetProperty("id").GetString();
        Assert.True(Guid.TryParseExact(id, "D", out var uuid) && uuid != Guid.Empty);
        Assert.Equal(expected ?? id, id);
    }

    [Fact]
    public async Task Lead_ThatClaimsWhatOnlyWeSay_DoesNotPassAsOurs()
    {
        var site = await _router.CreateSite();
        await _router.Query<object?>("update sites set login_url_template = null where id = @Id", new { site.Id });
        // The worker hears of it by itself.
        await Eventually.True(async () =>
        {
            await Answers.AssertOk(
                201, await site.Post("""{"source":"s","email":"a@b.c","site_login_url":"https://evil.test","test":true,"tests":true}"""));
            var received = (await _router.Receiver.Wait(site.LeadManager.Path, 1))[^1].Json;
            Assert.False(received.TryGetProperty("test", out _));
            Assert.True(received.GetProperty("tests").GetBoolean());
            return !received.TryGetProperty("site_login_url", out _);
        }, "the sender's sign-in address is left out");
    }

    [Fact]
    public async Task PotentialSeller_Posted_IsALeadOfThatRole()
    {
        var site = await _router.CreateSite();
        await Answers.AssertOk(201, await site.Post(
            """{"activities":[{"type":"property_viewed","source":"s","created":"2015-10-01T06:14:01Z","property":"""
            + """{"city":"Honolulu","beds":"3"}}]}""", "/potential-seller-leads"));
        var received = Assert.Single(await _router.Receiver.Wait(site.LeadManager.Path, 1));
        Assert.Equal("created", received.Action);
        Assert.Equal("Potential Seller", received.Json.GetProperty("role").GetString());
        Assert.True(Guid.TryParse(received.Json.GetProperty("id").GetString(), out _));
        Assert.Equal("3", received.Json.GetProperty("activities")[0].GetProperty("property").GetProperty("beds").GetString());
    }

    [Fact]
    public async Task Sender_ChoosesDestinations_OnlyThoseAndLeadManagerGetIt()
    {
        var site = await _router.CreateSite();
        var (one, two, three) = (await site.AddDestination("One"), await site.AddDestination("Two"), await site.AddDestination("Three"));
        await Task.Delay(500);
        await Answers.AssertOk(201, await site.Post("""{"source":"s","email":"a@b.c"}""", change: request =>
            request.Headers.Add("X-ROUTER-DESTINATIONS", $"one, {three.Id} ,Nobody, \"Somebody, else\"")));

        var delivery = await site.Delivery(site.LeadManager, "delivered");
        await site.Delivery(one, "delivered");
        await site.Delivery(three, "delivered");
        Assert.Empty(_router.Receiver.At(two.Path));
        Assert.Equal(["Nobody", "Somebody, else"],
            delivery.GetProperty("unknown_destinations").EnumerateArray().Select(name => name.GetString()));

        await Answers.AssertOk(201,
            await site.Post("""{"source":"s","email":"a@b.c"}""", change: request =>
            request.Headers.Add("X-ROUTER-DESTINATIONS", "Nobody")));
        await _router.Receiver.Wait(site.LeadManager.Path, 2);
        await site.AssertAccountedFor(events: 2);
        Assert.Single(_router.Receiver.At(one.Path));
    }

    [Theory]
    [InlineData(201, 5)]
    [InlineData(200, 50)]
    public async Task Sender_ChoosesTooManyDestinations_IsToldSoAndTheLeadIsKept(int count, int length)
    {
        var site = await _router.CreateSite();
        using var refused = await site.Post("""{"source":"s","email":"a@b.c"}""", change: request => request.Headers.Add(
            "X-ROUTER-DESTINATIONS", string.Join(',', Enumerable.Range(0, count).Select(i => $"{i}".PadLeft(length, 'x')))));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        Assert.Contains("'X-ROUTER-DESTINATIONS' has more than 200 names or 8192 characters", await refused.Content.ReadAsStringAsync(),
            StringComparison.Ordinal);
        await Eventually.Equal(1, async () => (await site.RefusedLeads()).Count, "it is kept");

        await Answers.AssertOk(201, await site.Post("""{"source":"s","email":"a@b.c"}""", change: request => request.Headers.Add(
            "X-ROUTER-DESTINATIONS", string.Join(',', Enumerable.Range(0, 200)))));
        var delivery = await site.Delivery(site.LeadManager, "delivered");
        Assert.Equal(200, delivery.GetProperty("unknown_destinations").GetArrayLength());
    }

    [Theory]
    [InlineData("Smith, Jones")]
    [InlineData("\"smith, jones\"")]
    [InlineData("Nobody, Cafe\u0301 CRM")]
    [InlineData("caf\u00e9 crm")]
    public async Task Sender_ChoosesANameThatIsHardToSpell_FindsIt(string header)
    {
        var site = await _router.CreateSite();
        var named = await site.AddDestination("named");
        await site.Patch(named, new { name = header.Contains("mith", StringComparison.Ordinal) ? "Smith, Jones" : "Caf\u00e9 CRM" });
        await Eventually.True(async () =>
        {
            await Answers.AssertOk(201, await site.Post("""{"source":"s","email":"a@b.c"}""", change: request =>
                request.Headers.TryAddWithoutValidation("X-ROUTER-DESTINATIONS", header)));
            return _router.Receiver.At(named.Path).Count > 0;
        }, "the lead reaches the destination of that name");
    }

    [Fact]
    public async Task ActiveFlag_Changed_TheDestinationIsTold()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("told");
        await site.Patch(destination, new { active = false });
        var disabled = await _router.Receiver.WaitFor(destination.Path, "integration_disabled");
        Assert.Equal(
            $$"""
            {"action":"integration_disabled","id":"{{disabled.MessageId}}","site_uuid":"{{site.Id}}",
            "site_domain":"www.site.test","partner_id":"partner told"}
            """.ReplaceLineEndings(""),
            Encoding.UTF8.GetString(disabled.Body));
        Assert.True(disabled.IsSignedWith(destination.Secret));
        await site.Delivery(destination, "delivered", action: "integration_disabled");

        await site.Patch(destination, new { active = true });
        await _router.Receiver.WaitFor(destination.Path, "integration_enabled");
        // No change, no message.
        await site.Patch(destination, new { active = true, name = "renamed" });
        (await _router.Admin.DeleteAsync($"/api/sites/{site.Id}/destinations/{destination.Id}")).EnsureSuccessStatusCode();
        await Eventually.True(() =>
            _router.Receiver.All.Count(request => request.Path == destination.Path && request.Action == "integration_disabled") == 2,
            "told of the end");
        Assert.Equal(3, _router.Receiver.All.Count(request => request.Path == destination.Path));
        Assert.DoesNotContain(_router.Receiver.All, request => request.Path == site.LeadManager.Path);
    }
}
