using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Router.Testing;

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
        await AssertError(400,
            await site.Post($$"""{"source":"s","email":"a@b.c","x":{{new string('[', 1000)}}{{new string(']', 1000)}}}"""));
        Assert.Equal(HttpStatusCode.Created,
            (await site.Post($$"""{"source":"s","email":"a@b.c","x":{{new string('[', 60)}}{{new string(']', 60)}}}""")).StatusCode);
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
        Assert.Contains("byte 36", await AssertError(400, await site.Post("", change: request =>
            request.Content = new ByteArrayContent([.. "{\"source\":\"s\",\"email\":\"a@b.c\",\"x\":\""u8, 0xE9, .. "\"}"u8]))),
                StringComparison.Ordinal);
        await AssertError(400, await site.Post("", change: request =>
            request.Content = new ByteArrayContent(Encoding.Unicode.GetBytes(Valid))));
    }

    [Theory]
    [InlineData("iso-8859-1", "iso-8859-1")]
    [InlineData("windows-1252", "\"windows-1252\"")]
    [InlineData("utf-16", "UTF-16")]
    [InlineData("utf-8", "iso-8859-1")] // mislabeled
    [InlineData("utf-8", "no-such-charset")]
    public async Task Lead_OfAnotherCharset_IsReadByIt(string charset, string named)
    {
        Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        var site = await _router.CreateSite();
        await Answers.AssertOk(201, await site.Post("", change: request =>
        {
            request.Content = new ByteArrayContent(Encoding.GetEncoding(charset).GetBytes("""{"source":"s","first_name":"Café"}"""));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", $"application/json; charset={named}");
        }));
        Assert.Equal("Café", Assert.Single(await _router.Receiver.Wait(site.LeadManager.Path, 1)).Json.GetProperty("first_name")
            .GetString());
    }

    [Theory]
    [InlineData("Identity", 201)]
    [InlineData("", 201)]
    [InlineData("UTF-8", 201)]
    [InlineData("gzip", 415)]
    [InlineData("identity, BR", 415)]
    public async Task Lead_OfContentEncoding_IsRefusedOnlyIfThatIsOne(string encoding, int status)
    {
        var site = await _router.CreateSite();
        var response = await site.Post(
            Valid, change: request => request.Content!.Headers.TryAddWithoutValidation("Content-Encoding", encoding));
        Assert.Equal(status, (int)response.StatusCode);
    }

    [Fact]
    public async Task Lead_WithHeadersOfAnyBytes_IsAccepted()
    {
        var site = await _router.CreateSite();
        using var client = new TcpClient();
        await client.ConnectAsync(_router.Api.Url.Host, _router.Api.Url.Port);
        await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(
            $"POST /rest/sites/{site.Id}/leads HTTP/1.1\r\nHost: x\r\nAuthorization: {site.Credentials}\r\nUser-Agent: Caf\u00e9/1.0\r\n"
            + "X-ROUTER-DESTINATIONS: Caf\u00e9 CRM\r\nX-Odd: \u0001\u0080\u00ff\u00c3\r\nCookie: \u00fe\r\n"
            + $"Connection: close\r\nContent-Length: {Valid.Length}\r\n\r\n{Valid}"));
        using var reader = new StreamReader(client.GetStream());
        Assert.StartsWith("HTTP/1.1 201", await reader.ReadToEndAsync(), StringComparison.Ordinal);
        var delivery = await site.Delivery(site.LeadManager, "delivered");
        Assert.Equal("Café CRM", Assert.Single(delivery.GetProperty("unknown_destinations").EnumerateArray()).GetString());
    }

    [Theory]
    [InlineData("POST /rest/sites HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", 400)]
    [InlineData("POST /rest/%00 HTTP/1.1\r\nHost: x\r\n\r\n", 400)]
    [InlineData("nonsense\r\n\r\n", 400)]
    [InlineData("POST /rest HTTP/1.1\r\nHost: x\r\nX: LONG\r\n\r\n", 431)]
    [InlineData("POST /LONG HTTP/1.1\r\nHost: x\r\n\r\n", 414)]
    public async Task Server_RefusingByItself_SaysSoInWords(string request, int status)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(_router.Api.Url.Host, _router.Api.Url.Port);
        await client.GetStream()
            .WriteAsync(Encoding.ASCII.GetBytes(request.Replace("LONG", new string('x', 40_000), StringComparison.Ordinal)));
        using var reader = new StreamReader(client.GetStream());
        var answer = await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(20));
        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Matches("Content-Type: application/json\r\n(.*\r\n)*\r\n\\{\"error\":\"[^\"]+\\.\"\\}$", answer);
    }

    [Theory]
    [InlineData("/REST/sites/SITE/leads", 401)]
    [InlineData("/V2/Rest/nothing", 404)]
    [InlineData("//rest//nothing", 404)]
    [InlineData("/rest/sites/SITE/leads?x=%00", 401)]
    public async Task Error_OfAnySpellingOfThePath_IsASentence(string path, int status)
    {
        using var http = new HttpClient();
        var site = await _router.CreateSite();
        await AssertError(status, await http.PostAsync(
            new Uri($"{_router.Api.Url.GetLeftPart(UriPartial.Authority)}{path.Replace("SITE", $"{site.Id}", StringComparison.Ordinal)}"),
            content: null));
    }

    [Theory]
    [InlineData("//rest", "/leads")]
    [InlineData("/rest/", "//leads//")]
    [InlineData("/Rest", "/LEADS?x=%00")]
    public async Task Lead_PostedToAnotherSpellingOfThePath_IsAccepted(string prefix, string path)
    {
        var site = await _router.CreateSite();
        await Answers.AssertOk(201, await site.Post(Valid, change: request =>
            request.RequestUri = new Uri($"{_router.Api.Url.GetLeftPart(UriPartial.Authority)}{prefix}/sites/{site.Id}{path}")));
        await site.Delivery(site.LeadManager, "delivered");
    }

    [Fact]
    public async Task Refusals_OfAProduct_AreToldInOneLine()
    {
        var site = await _router.CreateSite();
        for (var i = 0; i < 20; i++)
            await AssertError(422, await site.Post("""{"source":"s","email":"secret.person"}"""));
        await AssertError(400, await site.Post("{"));
        // The log is written aside.
        var line = Assert.Single(await Told("422"));
        Assert.Contains("Lead field 'email' is not a valid email address.", line, StringComparison.Ordinal);
        Assert.Single(await Told("400"));
        Assert.DoesNotContain("secret.person", _router.Output, StringComparison.Ordinal);

        // The operator reads how many.
        using var @operator = new Browserless(_router.Api.Url);
        await @operator.SignIn(RouterFixture.OperatorsEmail, RouterFixture.OperatorsPassword);
        // A "400" alone may be part of the product's name.
        var page = await Eventually.Get(
            () => @operator.Get($"/operator/refused?product=web-{site.Id:N}"),
            page => Regex.IsMatch(page.Text, @"\s400\s"), "the page has both");
        Assert.Matches(@"422\s+Lead field 'email' is not a valid email address\.\s+20\s+20\s", page.Text);
        Assert.DoesNotContain("secret.person", page.Text, StringComparison.Ordinal);
        Assert.Contains("refused within 24 hours", (await @operator.Get("/operator")).Text, StringComparison.Ordinal);
        Assert.Contains("21", (await @operator.Get($"/operator/products?find=web-{site.Id:N}")).Text, StringComparison.Ordinal);

        Task<List<string>> Told(string status) =>
            Eventually.Get(() => Task.FromResult(Lines(status)), lines => lines.Count > 0, "refusals are told");

        List<string> Lines(string status) =>
            [.. _router.Output.Split('\n')
                .Where(line => line.Contains($"web-{site.Id:N}", StringComparison.Ordinal)
                && line.Contains($" were refused with {status}:", StringComparison.Ordinal))];
    }

    [Fact]
    public async Task Failure_ThatNobodyExpected_Is503WithRetryAfter()
    {
        await using var router = await RouterFixture.Start(shared.Servers, workers: 0);
        var site = await router.CreateSite(asLeadManager: true);
        await router.Query<object?>("drop table users");
        var response = await site.Send(HttpMethod.Put, "/users/7", "{}");
        await AssertError(503, response);
        Assert.NotNull(response.Headers.RetryAfter);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Lead_OverOneMebibyte_GetsASentence(bool chunked)
    {
        var site = await _router.CreateSite();
        var fits = $$"""{"source":"s","email":"a@b.c","notes":"{{new string('n', 1024 * 1024 - 41)}}"}""";
        Assert.Equal(1024 * 1024, fits.Length);
        Assert.Equal(HttpStatusCode.Created,
            (await site.Post(fits, change: request => request.Headers.TransferEncodingChunked = chunked)).StatusCode);
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
        var foreign = await site.Post(
            Valid, change: request => request.RequestUri = new Uri(_router.Api.Url, $"/rest/sites/{other.Id}/leads"));
        var missing = await site.Post(
            Valid, change: request => request.RequestUri = new Uri(_router.Api.Url, $"/rest/sites/{Guid.NewGuid()}/leads"));
        Assert.Equal(await AssertError(403, foreign), await AssertError(403, missing));
    }

    [Fact]
    public async Task Credentials_OfANewPassword_CountAtOnceAndTheOldOnesNoLonger()
    {
        var site = await _router.CreateSite();
        await site.PostLead();
        var response = await _router.Admin.PostAsync($"/api/products/web-{site.Id:N}/password", content: null);
        var password = JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync()).GetProperty("password")
            .GetString();
        await AssertError(401, await site.Post(Valid));
        Assert.Equal(HttpStatusCode.Created, (await site.Post(Valid, change: request => request.Headers.Authorization =
            new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"web-{site.Id:N}:{password}")))))
                .StatusCode);

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

        // A broker that is slow to confirm gets it from the outbox, later.
        var queue = await Eventually.Get(
            () => router.Broker.Peek(router.VirtualHost, "lead-events"), messages => messages.GetArrayLength() > 0, "it is in the queue");
        var message = Assert.Single(queue.EnumerateArray());
        var payload = message.GetProperty("payload").GetString()!;
        Assert.StartsWith("{\"event_id\":\"", payload, StringComparison.Ordinal);
        Assert.EndsWith(""","source_system":"Test Website","lead":{"source":"s","email":"a@b.c","price":2.50}}""", payload,
            StringComparison.Ordinal);
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
