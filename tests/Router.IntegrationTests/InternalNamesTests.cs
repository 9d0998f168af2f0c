using System.Net;
using System.Net.Http.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>What is said to owners is in our words: no names of classes, libraries, servers or what a name resolves to in here.</summary>
public sealed class InternalNamesTests(OperatorRouter shared) : IClassFixture<OperatorRouter>
{
    private static readonly string[] Internal = ["Router.", "System.", "Npgsql", "Exception", "127.0.0.1:", "Path:", "BytePosition"];

    private readonly RouterFixture _router = shared.Router;

    [Theory]
    [InlineData("""{"actions": "all"}""", "Line 1 is no JSON, or has another kind of value than belongs there.")]
    [InlineData("{\n\"actions\": {\n\"created\": {\"fields\": 1}}}", "Line 3 is no JSON")]
    [InlineData("{\n\"actions\": ", "Line 2 is no JSON")]
    [InlineData("null", "")]
    public async Task Format_EnteredWrongAsJson_IsRefusedInOurWords(string json, string sentence)
    {
        var (browser, site) = await shared.Owner();
        using var made = await _router.Admin.PostAsJsonAsync($"/api/sites/{site}/destinations", new
        {
            name = $"d {Guid.NewGuid():N}", url = new Uri(_router.Receiver.Url, "/format"), secret = "a secret of a test",
        });
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        var path = $"{made.Headers.Location!.OriginalString["/api".Length..]}/mapping";
        var again = await browser.Submit(await browser.Get(path), "Save this JSON", ("mapping.json", json));
        Assert.Contains(sentence, again.Text, StringComparison.Ordinal);
        // What was typed stands there again.
        var said = again.Text.Replace(json, "", StringComparison.Ordinal);
        Assert.All(Internal, name => Assert.DoesNotContain(name, said, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"mapping": {"actions": "all"}}""")]
    [InlineData("""{"filter": {"conditions": 5}}""")]
    [InlineData("""{"timeout": "soon"}""")]
    [InlineData("""{"timeout": """)]
    [InlineData("""{"oauth": {"client_auth": 3}}""")]
    [InlineData("""{"client_certificate": {"chain": "no certificate", "private_key": "no key"}}""")]
    [InlineData("""{"mapping": {"actions": {"created": {"template": "{{ 1 | nothing }}"}}}}""")]
    [InlineData("""{"mapping": {"actions": {"created": {"template": "{% for %}"}}}}""")]
    [InlineData("""{"quiet_hours": {"from": "25:00", "until": "x", "time_zone": "Mars/Base"}}""")]
    [InlineData("""{"url": "https://[::ffff:10.0.0.1]/"}""")]
    [InlineData("""{"url": "https://aאb.test/"}""")]
    [InlineData("""{"headers": {"Bad Name": "x"}}""")]
    public async Task Settings_ThatAreWrong_AreRefusedInOurWords(string json)
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("wrong");
        using var refused = await _router.Admin.PatchAsync(
            $"/api/sites/{site.Id}/destinations/{destination.Id}", new StringContent(json, null, "application/json"));
        var body = await refused.Content.ReadAsStringAsync();
        Assert.InRange((int)refused.StatusCode, 400, 422);
        Assert.All(Internal, name => Assert.DoesNotContain(name, body, StringComparison.Ordinal));
    }
}
