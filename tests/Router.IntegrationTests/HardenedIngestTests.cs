using System.Net;
using System.Net.Sockets;
using System.Text;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Senders that are too many, too slow or too big, each with limits small enough for a test.</summary>
public sealed class HardenedIngestTests(TestServers servers)
{
    private const string Valid = """{"source":"s","email":"a@b.c"}""";

    [Fact]
    public async Task Product_BeyondItsRate_Is429WithRetryAfterAndOthersAreNot()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0, ("Incoming:RatePerSecond", "1"), ("Incoming:Burst", "3"));
        var (greedy, modest) = (await router.CreateSite(), await router.CreateSite());
        var statuses = new List<int>();
        HttpResponseMessage refused = null!;
        for (var i = 0; i < 6; i++)
        {
            var response = await greedy.Post(Valid);
            statuses.Add((int)response.StatusCode);
            if ((int)response.StatusCode == 429)
                refused = response;
        }

        Assert.Equal([201, 201, 201], statuses.Take(3));
        Assert.Contains(429, statuses);
        Assert.Equal("application/json", refused.Content.Headers.ContentType?.MediaType);
        Assert.Contains("\"error\":", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 5);
        Assert.Equal(201, (int)(await modest.Post(Valid)).StatusCode);

        await Task.Delay(refused.Headers.RetryAfter.Delta.Value + TimeSpan.FromMilliseconds(200));
        Assert.Equal(201, (int)(await greedy.Post(Valid)).StatusCode);
    }

    [Fact]
    public async Task Senders_ThatDrip_AreCutOffAndHoldNobodyElse()
    {
        await using var router = await RouterFixture.Start(
            servers, workers: 0, ("Incoming:BodyTimeout", "00:00:01"), ("Incoming:HeadersTimeout", "00:00:01"));
        var site = await router.CreateSite();
        string authorization = "";
        await site.Post(Valid, change: request => authorization = request.Headers.Authorization!.ToString());

        var slow = new List<TcpClient>();
        // Read as it comes: what isn't read yet is gone once the server has ended the connection.
        var answers = new List<Task<string>>();
        try
        {
            for (var i = 0; i < 200; i++)
            {
                var client = new TcpClient();
                await client.ConnectAsync(router.Api.Url.Host, router.Api.Url.Port);
                // Half of them never finish the headers, half never the body.
                var head = $"POST /rest/sites/{site.Id}/leads HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n";
                await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(i % 2 == 0 ? head : head + "Content-Length: 100\r\n\r\n{"));
                slow.Add(client);
                answers.Add(UntilCutOff(client));
            }

            for (var i = 0; i < 20; i++)
                await site.PostLead();

            foreach (var reading in answers)
            {
                var answer = await reading.WaitAsync(TimeSpan.FromSeconds(30));
                Assert.StartsWith("HTTP/1.1 408", answer, StringComparison.Ordinal);
                Assert.Contains("{\"error\":\"", answer, StringComparison.Ordinal);
            }

            // A quiet line a minute for all of them.
            Assert.DoesNotContain(router.Output.Split('\n'), line =>
                line.Contains("\"Level\":\"Error\"", StringComparison.Ordinal) && line.Contains("Kestrel", StringComparison.Ordinal));
            Assert.InRange(router.Output.Split('\n').Count(line => line.Contains("were refused with 408", StringComparison.Ordinal)), 1, 3);
        }
        finally
        {
            slow.ForEach(client => client.Dispose());
        }
    }

    /// <summary>What arrives slowly is given up as a whole, whatever came at once, and in every version of HTTP.</summary>
    [Theory]
    [InlineData("/sign-in", "HTTP/1.1")]
    [InlineData("/sign-in", "HTTP/1.0")]
    [InlineData("/unsubscribe/9d3b9d2e-0f8e-4e39-9d27-0d3c8f3c0c53", "HTTP/1.1")]
    public async Task Form_WithoutItsLastByte_IsCutOff(string path, string protocol)
    {
        await using var router = await RouterFixture.Start(servers, workers: 0);
        using var client = new TcpClient();
        await client.ConnectAsync(router.Api.Url.Host, router.Api.Url.Port, TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync(
            Encoding.ASCII.GetBytes($"POST {path} {protocol}\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                + $"Content-Length: 30000\r\n\r\n{new string('a', 29_999)}"), TestContext.Current.CancellationToken);
        var answer = await UntilCutOff(client).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.StartsWith("HTTP/1.1 408", answer, StringComparison.Ordinal);
    }

    /// <summary>Pages look for a form whatever the method. Where one is only shown nobody has any, so none is waited for.</summary>
    [Theory]
    [InlineData("GET", "/sign-in", "application/x-www-form-urlencoded")]
    [InlineData("GET", "/sign-in", "multipart/form-data; boundary=x")]
    [InlineData("HEAD", "/sign-in", "application/x-www-form-urlencoded")]
    [InlineData("GET", "/account/tokens", "application/x-www-form-urlencoded")]
    [InlineData("GET", "/operator/dead-letters", "application/x-www-form-urlencoded")]
    public async Task Form_WithAPageThatIsOnlyShown_IsNotWaitedFor(string method, string path, string type)
    {
        await using var router = await RouterFixture.Start(servers, workers: 0);
        using var person = await PageClient.SignedIn(router, "operator");
        using var client = new TcpClient();
        await client.ConnectAsync(router.Api.Url.Host, router.Api.Url.Port, TestContext.Current.CancellationToken);
        var cookie = path == "/sign-in" ? "" : $"Cookie: {person.Cookies.GetCookieHeader(router.Api.Url)}\r\n";
        var stream = client.GetStream();
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes($"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{cookie}Content-Type: {type}\r\n"
                + $"Content-Length: 30000\r\n\r\n{new string('a', 29_999)}"), TestContext.Current.CancellationToken);

        // Once there is an answer the rest follows, and the connection goes on: it isn't one that was given up.
        await stream.ReadExactlyAsync(new byte[1], TestContext.Current.CancellationToken);
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes("aGET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"),
            TestContext.Current.CancellationToken);
        var answers = await UntilCutOff(client).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.StartsWith("TTP/1.1 200", answers, StringComparison.Ordinal);
        Assert.Contains("Healthy", answers, StringComparison.Ordinal);
    }

    /// <summary>Whatever a body expands to, one product has so much of it at a time, and all together four times as much.</summary>
    [Fact]
    public async Task LargeLeads_OfAProductThatHoldsThemBack_LeaveRoomToOthers()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0, ("Incoming:BodyTimeout", "00:05:00"));
        var (greedy, modest) = (await router.CreateSite(), await router.CreateSite());
        var large = $$"""{"source":"s","email":"a@b.c","notes":"{{new string('x', 900_000)}}"}""";
        var heldBack = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 9; i++)
            {
                var client = new TcpClient();
                heldBack.Add(client);
                await client.ConnectAsync(router.Api.Url.Host, router.Api.Url.Port, TestContext.Current.CancellationToken);
                await client.GetStream().WriteAsync(
                    Encoding.ASCII.GetBytes($"POST /rest/sites/{greedy.Id}/leads HTTP/1.1\r\nHost: x\r\n"
                        + $"Authorization: {greedy.Credentials}\r\nContent-Length: {large.Length}\r\n\r\n"
                        + large[..100]), TestContext.Current.CancellationToken);
            }

            using var refused = await Eventually.Get(
                () => greedy.Post(large), answer => (int)answer.StatusCode == 503, "its large leads wait for each other");
            Assert.NotNull(refused.Headers.RetryAfter?.Delta);
            Assert.Equal("Too many leads arrive at once; send this one again.", await Answers.Error(refused));
            Assert.Equal(201, (int)(await modest.Post(large)).StatusCode);
            Assert.Equal(201, (int)(await modest.Post(
                large, change: request => request.Headers.TransferEncodingChunked = true)).StatusCode);
            await greedy.PostLead();
        }
        finally
        {
            heldBack.ForEach(client => client.Dispose());
        }

        await Eventually.Equal(201, async () => (int)(await greedy.Post(large)).StatusCode, "there is room again");
    }

    /// <summary>What it doesn't read at once stays with its sender; a body may be larger than that.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Lead_AsLargeAsLeadsMayBe_IsTaken(bool chunked)
    {
        await using var router = await RouterFixture.Start(servers, workers: 0);
        var site = await router.CreateSite();
        var largest = """{"source":"s","email":"a@b.c"}""".PadRight(1024 * 1024);
        using var answer = await site.Post(largest, change: request => request.Headers.TransferEncodingChunked = chunked);
        Assert.Equal(201, (int)answer.StatusCode);
        using var larger = await site.Post(largest + " ", change: request => request.Headers.TransferEncodingChunked = chunked);
        Assert.Equal(413, (int)larger.StatusCode);
    }

    [Fact]
    public async Task Form_ThatTrickles_IsCutOff()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0);
        using var client = new TcpClient();
        await client.ConnectAsync(router.Api.Url.Host, router.Api.Url.Port, TestContext.Current.CancellationToken);
        var stream = client.GetStream();
        await stream.WriteAsync(
            ("POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"u8
                + "Content-Length: 1000\r\n\r\n"u8).ToArray(), TestContext.Current.CancellationToken);
        var answer = UntilCutOff(client);
        for (var i = 0; i < 40 && !answer.IsCompleted; i++)
        {
            try
            {
                await stream.WriteAsync("a"u8.ToArray(), TestContext.Current.CancellationToken);
            }
            catch (IOException)
            {
                break;
            }

            await Task.WhenAny(answer, Task.Delay(500, TestContext.Current.CancellationToken));
        }

        Assert.StartsWith("HTTP/1.1 408", await answer.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
    }

    /// <summary>
    /// All that comes before the connection ends, by whatever way: the rest of a body that never comes is waited for, and then it is reset.
    /// </summary>
    private static async Task<string> UntilCutOff(TcpClient client)
    {
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            while (await client.GetStream().ReadAsync(buffer) is > 0 and var count)
                answer.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }
        catch (IOException)
        {
            // Reset.
        }

        return answer.ToString();
    }

    /// <summary>A body of 85 kB that would be 72 MB with the default source of each activity.</summary>
    public static string Swelling(string before, string after) =>
        $$"""{{before}}"source":"{{new string('s', 72_000)}}","activities":["""
        + $$"""{{string.Join(',', Enumerable.Repeat("""{"type":"t"}""", 1000))}}]{{after}}""";

    [Fact]
    public async Task Event_ThatWouldSwell_IsRefusedAndTheNextLeadArrives()
    {
        await using var router = await RouterFixture.Start(servers);
        var site = await router.CreateSite(asLeadManager: true);
        var lead = $"/leads/{Guid.NewGuid()}";
        var swelling = Swelling("""{"email":"a@b.c",""", "}");
        Assert.InRange(swelling.Length, 0, 86_000);
        await AssertTooLarge(await site.Post(swelling));
        await AssertTooLarge(await site.Send(HttpMethod.Patch, lead, swelling));
        await AssertTooLarge(await site.Send(HttpMethod.Patch, lead, swelling, prefix: "/v2/rest"));
        await AssertTooLarge(await site.Post(swelling.Replace(
            """[{"type":"t"}""", """[{"type":"property_viewed","property":{}}""", StringComparison.Ordinal), "/potential-seller-leads"));
        await AssertTooLarge(await site.Post($"[{string.Join(',', Enumerable.Repeat("""{"type":"t"}""", 60_000))}]", lead + "/activities"));
        // A full body of the worst kind, many at a time.
        var worst = $$"""{"email":"a@b.c","source":"{{new string('s', 500_000)}}","activities":["""
            + $$"""{{string.Join(',', Enumerable.Repeat("""{"type":"t"}""", 40_000))}}]}""";
        foreach (var answer in await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => site.Post(worst))))
        {
            // On a busy machine some find no room in time, and come again.
            await AssertTooLarge(answer.StatusCode is HttpStatusCode.ServiceUnavailable ? await site.Post(worst) : answer);
        }

        Assert.Equal(0, await router.Query<long>("select count(*) from lead_outbox"));
        await site.PostLead();
        await site.Delivery(site.LeadManager, "delivered");
        await site.AssertAccountedFor(events: 1);
    }

    private static async Task AssertTooLarge(HttpResponseMessage response)
    {
        Assert.Equal(413, (int)response.StatusCode);
        Assert.Contains("too large", await Answers.Error(response), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_TenMegabytes_IsRefusedWithoutReadingIt()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0);
        var site = await router.CreateSite();
        Assert.Equal(413, (int)(await site.Post($$"""{"source":"{{new string('x', 10_000_000)}}"}""")).StatusCode);
        await site.PostLead();
    }
}
