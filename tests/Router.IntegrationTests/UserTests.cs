using System.Text;
using Router.Testing;

namespace Router.IntegrationTests;

public sealed class UserTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Users_PutListedAndDeleted_FanOut()
    {
        var site = await _router.CreateSite(asLeadManager: true);
        const string user = """{"name":"Ben Harper","role":"Agent","admin":false,"email":"ben@mail.test","extra":1.50}""";
        await Answers.AssertOk(200, await site.Send(HttpMethod.Put, "/users/agent-7", user));
        var put = Assert.Single(await _router.Receiver.Wait(site.LeadManager.Path, 1));
        Assert.Equal("user_updated", put.Action);
        Assert.Equal(
            """{"name":"Ben Harper","role":"Agent","admin":false,"email":"ben@mail.test","extra":1.50"""
            + $$""","id":"agent-7","action":"user_updated","site_uuid":"{{site.Id}}","partner_id":"lm"}""",
            Encoding.UTF8.GetString(put.Body));

        var list = await site.Send(HttpMethod.Get, "/users");
        Assert.Equal("""[{"name":"Ben Harper","role":"Agent","admin":false,"email":"ben@mail.test","extra":1.50,"id":"agent-7"}]""",
            await list.Content.ReadAsStringAsync());

        await Answers.AssertOk(200, await site.Send(HttpMethod.Delete, "/users/agent-7"));
        var deleted = (await _router.Receiver.Wait(site.LeadManager.Path, 2))[1].Json;
        Assert.True(deleted.GetProperty("deleted").GetBoolean());
        Assert.Equal(("agent-7", "Ben Harper"), (deleted.GetProperty("id").GetString(), deleted.GetProperty("name").GetString()));
        Assert.Equal("[]", await (await site.Send(HttpMethod.Get, "/users/")).Content.ReadAsStringAsync());

        // As the Ruby client sends it: a content type and no body; and for a user that was never heard of.
        await Answers.AssertOk(200, await site.Send(HttpMethod.Delete, "/users/unknown", ""));
        Assert.Equal("unknown", (await _router.Receiver.Wait(site.LeadManager.Path, 3))[2].Json.GetProperty("id").GetString());
        await site.AssertAccountedFor(events: 3);
    }

    [Theory]
    [InlineData("PUT", "/users/a%2Fb", "a/b")]
    [InlineData("PUT", "/users/a%2fb/", "a/b")]
    [InlineData("PUT", "/users/a%252Fb", "a%2Fb")]
    [InlineData("PATCH", "/users/14187", "14187")]
    public async Task User_Written_HasTheIdOfThePath(string method, string path, string id)
    {
        var site = await _router.CreateSite(asLeadManager: true);
        await Answers.AssertOk(200, await site.Send(new HttpMethod(method), path, """{"id":14187,"name":"Ben"}"""));
        Assert.Equal(id, Assert.Single(await _router.Receiver.Wait(site.LeadManager.Path, 1)).Json.GetProperty("id").GetString());
    }

    [Fact]
    public async Task User_PutAgainUnderItsKey_DoesNotUndoWhatCameAfter()
    {
        var site = await _router.CreateSite(asLeadManager: true);
        Task<HttpResponseMessage> Put(string name, string? key) =>
            site.Send(HttpMethod.Put, "/users/7", $$"""{"name":"{{name}}"}""", change: request =>
        {
            if (key is not null)
                request.Headers.Add("Idempotency-Key", key);
        });
        await Answers.AssertOk(200, await Put("first", "one"));
        await Answers.AssertOk(200, await Put("second", null));
        await Answers.AssertOk(200, await Put("first", "one"));
        Assert.Equal("""[{"name":"second","id":"7"}]""", await (await site.Send(HttpMethod.Get, "/users")).Content.ReadAsStringAsync());
        Assert.Equal(422, (int)(await Put("third", "one")).StatusCode);
        await _router.Receiver.Wait(site.LeadManager.Path, 2);
        await site.AssertAccountedFor(events: 2);
    }

    [Fact]
    public async Task Users_WrittenByAnotherProduct_Are403()
    {
        var site = await _router.CreateSite();
        Assert.Equal(403, (int)(await site.Send(HttpMethod.Put, "/users/1", "{}")).StatusCode);
        Assert.Equal(403, (int)(await site.Send(HttpMethod.Delete, "/users/1")).StatusCode);
        Assert.Equal("[]", await (await site.Send(HttpMethod.Get, "/users")).Content.ReadAsStringAsync());
        var leadManager = await _router.CreateSite(asLeadManager: true);
        Assert.Equal("User field 'admin' is not a valid boolean.",
            await Answers.Error(await leadManager.Send(HttpMethod.Put, "/users/1", """{"admin":"yes"}""")));
        Assert.Equal("User field 'role' is not one of Agent, Lender.",
            await Answers.Error(await leadManager.Send(HttpMethod.Put, "/users/1", """{"role":"Chief"}""")));
    }
}
