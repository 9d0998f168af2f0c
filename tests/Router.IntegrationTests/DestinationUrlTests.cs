using System.Net.Http.Json;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>What is said to somebody who enters a URL that requests may not be sent to.</summary>
public sealed class DestinationUrlTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private const string NotPublic = "must be reachable from the public internet";

    private readonly RouterFixture _router = shared.Router;

    [Theory]
    [InlineData("http://example.com/leads", "must begin with https://")]
    [InlineData("https://example.com:22/", "has a port that isn't allowed: leave it out, or use one of 80,443,1024-65535.")]
    [InlineData("https://10.1.2.3/", NotPublic)]
    [InlineData("https://127.0.0.2:8443/", NotPublic)]
    [InlineData("https://0x7f.2/", NotPublic)]
    [InlineData("https://[::ffff:169.254.169.254]/", NotPublic)]
    [InlineData("https://localhost/", NotPublic)]
    [InlineData("https://aאb.test/", "is not a valid http or https URL")]
    [InlineData("https:\\\\example.com/leads", "is not a valid http or https URL")]
    [InlineData("ftp://example.com/", "is not a valid http or https URL")]
    public async Task Url_NotAllowed_Is422ThatSaysWhatToDo(string url, string sentence)
    {
        var site = await _router.CreateSite();
        var path = $"/api/sites/{site.Id}/destinations";
        await AssertRefused("url", sentence, await _router.Admin.PostAsJsonAsync(path, new { name = "n", url, secret = "s" }));
        await AssertRefused("url", sentence, await _router.Admin.PatchAsJsonAsync($"{path}/{site.LeadManager.Id}", new { url }));
        await AssertRefused("lead_manager.url", sentence, await _router.Admin.PostAsJsonAsync(
            "/api/sites", new { name = "n", domain = "d", lead_manager = new { url, secret = "s" } }));
        await AssertRefused("url", sentence,
            await _router.Admin.PostAsJsonAsync("/api/integrations", new { name = "n", description = "d", url, secret = "s" }));
    }

    [Theory]
    [InlineData("https://example.com/leads")]
    [InlineData("https://example.com:8443/leads")]
    [InlineData("https://no-such-host-at-all.test/")] // Names aren't resolved when they are saved.
    [InlineData("http://127.0.0.1:22/")] // Listed by the fixture.
    public async Task Url_Allowed_IsSaved(string url)
    {
        var site = await _router.CreateSite();
        await site.AddDestination("custom", active: false, url: url);
    }

    [Fact]
    public async Task Destination_WhoseUrlIsNoLongerAllowed_CanStillBeChangedOtherwise()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("old");
        await _router.Query<int>("update destinations set url = 'http://10.1.2.3/' where id = @Id returning 1", new { destination.Id });
        Assert.False((await site.Patch(destination, new { active = false })).GetProperty("active").GetBoolean());
    }

    private static async Task AssertRefused(string field, string sentence, HttpResponseMessage response)
    {
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(422, (int)response.StatusCode);
        var said = problem.GetProperty("errors").GetProperty(field)[0].GetString();
        Assert.StartsWith($"'{field}' ", said, StringComparison.Ordinal);
        Assert.Contains(sentence, said, StringComparison.Ordinal);
    }
}
