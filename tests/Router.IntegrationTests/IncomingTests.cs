using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Router.IntegrationTests.Servers;

namespace Router.IntegrationTests;

public sealed class IncomingTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private const string Valid = """{"source":"s","email":"a@b.c"}""";

    private readonly RouterFixture _router = shared.Router;

    [Theory]
    [InlineData("{", 400)]
    [InlineData("", 400)]
    [InlineData("[]", 400)]
    [InlineData("null", 400)]
    [InlineData("\"text\"", 400)]
    [InlineData("{\"source\":\"s\",}", 400)]
    [InlineData("{\"email\":\"a@b.c\"}", 422)]
    [InlineData("{\"source\":\"s\"}", 422)]
    [InlineData("{\"source\":\"s\",\"email\":\"a@b.c\",\"id\":\"12\"}", 422)]
    public async Task Lead_NotAsTheContractSays_GetsOneSentence(string body, int status)
    {
        var site = await _router.CreateSite();
        await AssertError(status, await site.Post(body));
        await site.AssertAccountedFor(events: 0);
    }

    [Fact]
    public async Task Lead_TrailingSlashAndByteOrderMark_IsAccepted()
    {
        var site = await _router.CreateSite();
        Assert.Equal(HttpStatusCode.Created, (await site.Post("\uFEFF" + Valid, "/leads/")).StatusCode);
        await site.Delivery(site.LeadManager, "delivered");
    }

    [Fact]
    public async Task Lead_NestedDeeperThanAnyParserLikes_GetsASentence()
    {
        var site = await _router.CreateSite();
        await AssertError(400, await site.Post($$"""{"source":"s","email":"a@b.c","x":{{new string('[', 1000)}}{{new string(']', 1000)}}}"""));
        Assert.Equal(HttpStatusCode.Created, (await site.Post($$"""{"source":"s","email":"a@b.c","x":{{new string('[', 60)}}{{new string(']', 60)}}}""")).StatusCode);
        await site.Delivery(site.LeadManager, "delivered");
    }

    [Theory]
    [InlineData(null, 201)]
    [InlineData("application/json", 201)]
    [InlineData("application/json; charset=utf-8", 201)]
    [InlineData("application/vnd.api+json", 201)]
    [InlineData("text/plain", 201)]
    [InlineData("application/x-www-form-urlencoded", 201)] // curl -d without a header
    [InlineData("text/xml", 415)]
    [InlineData("multipart/form-data; boundary=x", 415)]
    public async Task Lead_OfContentType_IsTakenUnlessItIsPlainlyNotJson(string? contentType, int status)
    {
        var site = await _router.CreateSite();
        var response = await site.Post(Valid, change: request =>
            request.Content!.Headers.ContentType = contentType is null ? null : MediaTypeHeaderValue.Parse(contentType));
        Assert.Equal(status, (int)response.StatusCode);
    }

    [Fact]
    public async Task Lead_PostedAsAForm_Is415()
    {
        var site = await _router.CreateSite();
        await AssertError(415, await site.Post("", change: request =>
            request.Content = new FormUrlEncodedContent([new("source", "s"), new("email", "a@b.c")])));
    }

    [Fact]
    public async Task Lead_NotUtf8_GetsASentence()
    {
        var site = await _router.CreateSite();
        await AssertError(400, await site.Post("", change: request =>
            request.Content = new ByteArrayContent([.. "{\"source\":\"s\",\"email\":\"a@b.c\",\"x\":\""u8, 0xE9, .. "\"}"u8])));
        await AssertError(400, await site.Post("", change: request =>
            request.Content = new ByteArrayContent(Encoding.Unicode.GetBytes(Valid))));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Lead_OverOneMebibyte_GetsASentence(bool chunked)
    {
        var site = await _router.CreateSite();
        var fits = $$"""{"source":"s","email":"a@b.c","notes":"{{new string('n', 1024 * 1024 - 41)}}"}""";
        Assert.Equal(1024 * 1024, fits.Length);
        Assert.Equal(HttpStatusCode.Created, (await site.Post(fits, change: request => request.Headers.TransferEncodingChunked = chunked)).StatusCode);
        for (var i = 0; i < 5; i++)
        {
            await AssertError(413, await site.Post(fits + " ", change: request => request.Headers.TransferEncodingChunked = chunked));
            // The connection is still good for the next lead.
            await site.PostLead();
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Basic")]
    [InlineData("Basic !!!")]
    [InlineData("Basic bm9jb2xvbg==")] // no colon
    [InlineData("Basic d2ViOndyb25n")] // web:wrong
    [InlineData("Basic AGE6YQ==")] // a NUL in the username
    [InlineData("Bearer " + RouterFixture.AdminToken)]
    public async Task Credentials_MissingOrWrong_Are401(string? header)
    {
        var site = await _router.CreateSite();
        using var http = new HttpClient();
        var response = await site.Post(Valid, http: http, change: request =>
        {
            request.Headers.Authorization = null;
            if (header is not null)
                request.Headers.TryAddWithoutValidation("Authorization", header);
        });
        await AssertError(401, response);
        Assert.StartsWith("Basic", response.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Credentials_ForAnotherSiteOrNone_Are403Alike()
    {
        var (site, other) = (await _router.CreateSite(), await _router.CreateSite());
        var foreign = await site.Post(Valid, change: request => request.RequestUri = new Uri(_router.Api.Url, $"/rest/sites/{other.Id}/leads"));
        var missing = await site.Post(Valid, change: request => request.RequestUri = new Uri(_router.Api.Url, $"/rest/sites/{Guid.NewGuid()}/leads"));
        Assert.Equal(await AssertError(403, foreign), await AssertError(403, missing));
    }

    [Fact]
    public async Task Credentials_OfANewPassword_CountAtOnceAndTheOldOnesNoLonger()
    {
        var site = await _router.CreateSite();
        await site.PostLead();
        var response = await _router.Admin.PostAsync($"/api/products/web-{site.Id:N}/password", content: null);
        var password = JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync()).GetProperty("password").GetString();
        await AssertError(401, await site.Post(Valid));
        Assert.Equal(HttpStatusCode.Created, (await site.Post(Valid, change: request => request.Headers.Authorization =
            new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"web-{site.Id:N}:{password}"))))).StatusCode);

        (await _router.Admin.DeleteAsync($"/api/products/web-{site.Id:N}/sites/{site.Id}")).EnsureSuccessStatusCode();
        await AssertError(403, await site.Post(Valid, change: request => request.Headers.Authorization =
            new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"web-{site.Id:N}:{password}")))));
    }

    [Theory]
    [InlineData("POST", "/rest/sites/not-a-uuid/leads", 404)]
    [InlineData("POST", "/rest/nothing", 404)]
    [InlineData("GET", "/rest", 404)]
    [InlineData("PUT", "/rest/sites/5ead6dd1-2cb9-4f80-80fc-5716b05c90ba/leads", 405)]
    [InlineData("GET", "/rest/sites/5EAD6DD12CB94F8080FC5716B05C90BA/leads", 405)]
    public async Task Path_UnknownOrWrongMethod_SaysSo(string method, string path, int status) =>
        await AssertError(status, await _router.Admin.SendAsync(new HttpRequestMessage(new HttpMethod(method), path)));

    [Fact]
    public async Task Lead_WithoutId_GetsOne()
    {
        var site = await _router.CreateSite();
        await site.Post(Valid);
        var body = Assert.Single(await _router.Receiver.Wait(site.LeadManager.Path, 1)).Json;
        Assert.True(Guid.TryParse(body.GetProperty("id").GetString(), out _));
        Assert.Matches(@"^\d{4}-.*Z$", body.GetProperty("created").GetString());
    }

    [Fact]
    public async Task Lead_Waiting_CanBeReadInTheDashboard()
    {
        await using var router = await RouterFixture.Start(shared.Servers, workers: 0);
        var site = await router.CreateSite();
        await site.Post("""{"source":"s","email":"a@b.c","price":2.50}""");

        var message = Assert.Single((await router.Broker.Peek(router.VirtualHost, "lead-events")).EnumerateArray());
        var payload = message.GetProperty("payload").GetString()!;
        Assert.StartsWith("{\"event_id\":\"", payload, StringComparison.Ordinal);
        Assert.EndsWith(""","source_system":"Test Website","lead":{"source":"s","email":"a@b.c","price":2.50}}""", payload, StringComparison.Ordinal);
        Assert.Equal(2, message.GetProperty("properties").GetProperty("delivery_mode").GetInt32());
    }

    private static async Task<string> AssertError(int status, HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsStringAsync();
        Assert.Equal((status, "application/json"), ((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        var error = Assert.Single(JsonSerializer.Deserialize<JsonElement>(body).EnumerateObject());
        Assert.Equal("error", error.Name);
        Assert.EndsWith(".", error.Value.GetString(), StringComparison.Ordinal);
        return error.Value.GetString()!;
    }
}
