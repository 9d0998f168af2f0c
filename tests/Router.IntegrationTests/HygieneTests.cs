using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>What strangers and odd values can't make of a host.</summary>
public sealed class HygieneTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Theory]
    [InlineData("plain: a name")]
    [InlineData("null")]
    [InlineData("{}")]
    public async Task Change_OfAnyValue_IsInTheAuditLog(string before)
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("renamed");
        await site.Patch(destination, new { name = before, partner_id = before });
        await site.Patch(destination, new { name = "another name", partner_id = "another" });
        var changes = await _router.Query<string>(
            "select changes::text from audit_log where subject_id = @Id order by id desc limit 1", new { Id = destination.Id.ToString() });
        Assert.Contains(before, changes, StringComparison.Ordinal);
        Assert.Contains("\"name\"", changes, StringComparison.Ordinal);
        Assert.Contains("\"partner_id\"", changes, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Change_OfALongValue_IsInTheAuditLogByItsHash()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("mapped");
        foreach (var letter in "ab")
        {
            var template = $$"""{"text": "{{new string(letter, 15_000)}}"}""";
            await site.Patch(destination, new { mapping = new { body = "json", actions = new { created = new { template } } } });
        }

        var logged = await _router.Query<string>(
            """
            select (changes -> 'mapping')::text from audit_log
            where subject_id = @Id and changes -> 'mapping' -> 0 <> 'null' order by id desc limit 1
            """, new { Id = destination.Id.ToString() });
        using var change = JsonDocument.Parse(logged);
        var (before, after) = (change.RootElement[0], change.RootElement[1]);
        Assert.InRange(logged.Length, 100, 500);
        Assert.InRange(after.GetProperty("characters").GetInt32(), 15_000, 16_000);
        Assert.NotEqual(before.GetProperty("sha256").GetString(), after.GetProperty("sha256").GetString());
        Assert.Equal(
            await _router.Query<string>(
                "select encode(sha256(convert_to(mapping::text, 'UTF8')), 'hex') from destinations where id = @Id", new { destination.Id }),
            after.GetProperty("sha256").GetString());

        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        var page = await owner.Http.GetStringAsync($"/sites/{site.Id}/changes");
        Assert.Contains($"{after.GetProperty("characters").GetInt32():N0} characters (SHA-256 ", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/operator/failing")]
    [InlineData("/account?x=/y")]
    public async Task Host_OfARequest_IsInNoRedirect(string path)
    {
        using var http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_router.Api.Url, path)) { Headers = { Host = "evil.test" } };
        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal($"/sign-in?return={Uri.EscapeDataString(path)}", answer.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task Requests_WithoutCredentials_AreALineTogether()
    {
        using var http = new HttpClient { BaseAddress = _router.Api.Url };
        var wrong = new AuthenticationHeaderValue("Basic", Convert.ToBase64String("nobody:a guess"u8));
        for (var i = 0; i < 50; i++)
        {
            using var anonymous = new HttpRequestMessage(
                HttpMethod.Post, $"/rest/sites/{Guid.NewGuid()}/leads") { Headers = { Authorization = i % 2 == 0 ? wrong : null } };
            Assert.Equal(HttpStatusCode.Unauthorized, (await http.SendAsync(anonymous, TestContext.Current.CancellationToken)).StatusCode);
            Assert.Equal(HttpStatusCode.Unauthorized,
                (await http.GetAsync("/api/sites", TestContext.Current.CancellationToken)).StatusCode);
        }

        await Eventually.True(
            () => _router.Api.Output.Contains("missing or wrong credentials", StringComparison.Ordinal), "the log says so");
        Assert.DoesNotMatch("challenged|was not authenticated", _router.Api.Output);
        // One a minute, and this run has seen some minutes; a hundred would be one for each request.
        Assert.InRange(_router.Api.Output.Split('\n')
            .Count(line => line.Contains("missing or wrong credentials", StringComparison.Ordinal)), 1, 50);
        Assert.DoesNotContain("a guess", _router.Api.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Url_AsEntered_IsWhatIsShownAndSent()
    {
        var site = await _router.CreateSite();
        var entered = $"{_router.Receiver.Url}%41-{site.Id:N}/%7E";
        var destination = await site.AddDestination("exact", url: entered);
        await site.PostLead();
        await site.Delivery(destination, "delivered");
        Assert.Equal(entered, await _router.Query<string>("select url from destinations where id = @Id", new { destination.Id }));
        // The receiver decodes it: that it came as entered is tested where bytes are read.
        Assert.Single(_router.Receiver.At($"/A-{site.Id:N}/~"));
    }
}
