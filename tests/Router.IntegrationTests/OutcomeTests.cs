using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

public sealed class OutcomeTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Receiver_FailsThenTakesIt_SameMessageWithRisingAttemptNumbers()
    {
        var site = await _router.CreateSite();
        _router.Receiver.Answer(site.LeadManager.Path, 500, 302, 200);
        await site.PostLead();
        var delivery = await site.Delivery(site.LeadManager, "delivered");

        var received = _router.Receiver.At(site.LeadManager.Path);
        Assert.Equal([1, 2, 3], received.Select(request => request.Attempt));
        Assert.Single(received.Select(request => request.MessageId).Distinct(StringComparer.Ordinal));
        Assert.Single(received.Select(request => request.Headers["X-Lead-Router-Timestamp"]).Distinct(StringComparer.Ordinal));
        Assert.Single(received.Select(request => Encoding.UTF8.GetString(request.Body)).Distinct(StringComparer.Ordinal));
        Assert.All(received, request => Assert.True(request.IsSignedWith(site.LeadManager.Secret)));
        Assert.Equal([(1, 500, "failed"), (2, 302, "failed"), (3, 200, "delivered")], Attempts(delivery));
        await site.AssertAccountedFor(events: 1);
    }

    [Fact]
    public async Task Receiver_Answers406_IsRejectedAndNeverRetried()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("picky");
        _router.Receiver.Answer(destination.Path, 406);
        await site.PostLead();
        Assert.Equal([(1, 406, "rejected")], Attempts(await site.Delivery(destination, "rejected")));
        Assert.True(await IsActive(site, destination));
    }

    [Fact]
    public async Task Receiver_Answers410_IsRejectedAndDeactivatedWithTheReason()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("gone");
        _router.Receiver.Answer(destination.Path, 410);
        await site.PostLead();
        await site.Delivery(destination, "rejected");
        await Eventually.True(async () => !await IsActive(site, destination), "the destination is inactive");
        Assert.Contains("410",
            await _router.Query<string>("select inactive_reason from destinations where id = @Id", new { destination.Id }),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Receiver_Answers410AfterItsUrlWasCorrected_StaysActive()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("moved");
        var release = new TaskCompletionSource();
        _router.Receiver.Answer(destination.Path, async (context, _) =>
        {
            await release.Task;
            context.Response.StatusCode = 410;
        });
        await site.PostLead();
        await _router.Receiver.Wait(destination.Path, 1);
        await site.Patch(destination, new { url = new Uri(_router.Receiver.Url, $"/moved-to-{site.Id:N}") });
        release.SetResult();
        await site.Delivery(destination, "rejected");
        Assert.True(await IsActive(site, destination));
    }

    [Fact]
    public async Task LeadManager_Answers410_IsRejectedButStaysActive()
    {
        var site = await _router.CreateSite();
        _router.Receiver.Answer(site.LeadManager.Path, 410, 200);
        await site.PostLead();
        await site.Delivery(site.LeadManager, "rejected");
        Assert.True(await IsActive(site, site.LeadManager));
        await site.PostLead();
        await _router.Receiver.Wait(site.LeadManager.Path, 2);
    }

    [Theory]
    [InlineData(429, false)]
    [InlineData(503, false)]
    [InlineData(503, true)]
    public async Task Receiver_AsksToWait_IsRetriedNoEarlier(int status, bool asDate)
    {
        var site = await _router.CreateSite();
        var first = true;
        _router.Receiver.Answer(site.LeadManager.Path, (context, request) =>
        {
            if (first)
            {
                context.Response.StatusCode = status;
                // A date has whole seconds: three ahead is more than two from now.
                context.Response.Headers.RetryAfter = asDate ? request.At.AddSeconds(3).ToString("R") : "2";
                first = false;
            }

            return Task.CompletedTask;
        });
        await site.PostLead();
        await site.Delivery(site.LeadManager, "delivered");
        var received = _router.Receiver.At(site.LeadManager.Path);
        Assert.True(received[1].At - received[0].At >= TimeSpan.FromSeconds(1.9), $"retried after {received[1].At - received[0].At}");
    }

    [Fact]
    public async Task Receiver_Redirects_IsNotFollowed()
    {
        var site = await _router.CreateSite();
        var target = $"/elsewhere-{site.Id:N}";
        _router.Receiver.Answer(site.LeadManager.Path, (context, _) =>
        {
            context.Response.StatusCode = 307;
            context.Response.Headers.Location = target;
            return Task.CompletedTask;
        });
        await site.PostLead();
        var attempt = (await site.DeliveryAsOwner(site.LeadManager, "dead")).GetProperty("attempts")[0];
        Assert.Empty(_router.Receiver.At(target));
        Assert.Equal(target, attempt.GetProperty("response_headers").GetProperty("Location").GetString());
        Assert.Equal(1, attempt.GetProperty("requests").GetInt32());
    }

    [Fact]
    public async Task Receiver_HangsUpOnAReusedConnection_GetsTheLeadAtOnceInTheSameAttempt()
    {
        var site = await _router.CreateSite();
        var connections = new HashSet<string>(StringComparer.Ordinal);
        _router.Receiver.Answer(site.LeadManager.Path, (context, _) =>
        {
            lock (connections)
            {
                // The second request of a connection finds it closed.
                if (!connections.Add(context.Connection.Id))
                    context.Abort();
            }

            return Task.CompletedTask;
        });
        await site.PostLead();
        await site.Delivery(site.LeadManager, "delivered");
        // Connections of other tests to the same receiver may be taken first; sooner or later it is one of these.
        await Eventually.True(
            async () =>
            {
                await site.PostLead();
                var delivery = await site.Delivery(site.LeadManager, "delivered");
                var attempts = delivery.GetProperty("attempts");
                Assert.Equal(1, attempts.GetArrayLength());
                return attempts[0].GetProperty("requests").GetInt32() == 2;
            },
            "an attempt made its request twice");
    }

    [Fact]
    public async Task Receiver_AnswersAtLength_FirstBytesAreKept()
    {
        var site = await _router.CreateSite();
        _router.Receiver.Answer(site.LeadManager.Path, async (context, _) =>
        {
            for (var i = 0; i < 200; i++)
                await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(new string('x', 1024)));
        });
        await site.PostLead();
        var delivery = await site.DeliveryAsOwner(site.LeadManager, "delivered");
        Assert.Equal(16384, delivery.GetProperty("attempts")[0].GetProperty("response_body").GetString()!.Length);
    }

    [Fact]
    public async Task Receiver_SaysOkAndHangs_IsDelivered()
    {
        var site = await _router.CreateSite();
        _router.Receiver.Answer(site.LeadManager.Path, async (context, _) =>
        {
            context.Response.ContentLength = 100;
            await context.Response.Body.WriteAsync("half"u8.ToArray());
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });
        await site.PostLead();
        var delivery = await site.DeliveryAsOwner(site.LeadManager, "delivered");
        Assert.Equal("half", delivery.GetProperty("attempts")[0].GetProperty("response_body").GetString());
        Assert.Single(_router.Receiver.At(site.LeadManager.Path));
    }

    [Fact]
    public async Task Receiver_NeverAnswers_TimesOut()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("hangs");
        _router.Receiver.Answer(destination.Path, async (context, request) =>
        {
            if (request.Attempt == 1)
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });
        await site.PostLead();
        // The others aren't kept waiting for it.
        await site.Delivery(site.LeadManager, "delivered");
        var attempts = (await site.Delivery(destination, "delivered")).GetProperty("attempts");
        Assert.Equal("timeout", attempts[0].GetProperty("error").GetString());
    }

    [Theory]
    [InlineData("http://127.0.0.1:{port}/", "connection_refused")]
    [InlineData("http://no-such-host.invalid/", "dns_failure")]
    [InlineData("https://127.0.0.1:{http}/", "tls_not_spoken")]
    [InlineData("http://127.0.0.1:{nonsense}/", "invalid_response")]
    [InlineData("http://127.0.0.1:{zero}/", "invalid_status")]
    [InlineData("HTTP://127.0.0.1:{port}/", "connection_refused")]
    public async Task Receiver_CannotBeReached_SaysWhy(string url, string error)
    {
        using var nonsense = Talk("SSH-2.0-not-http\r\n\r\n", out var nonsensePort);
        using var zero = Talk("HTTP/1.1 042 Zero\r\nContent-Length: 0\r\n\r\n", out var zeroPort);
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("unreachable", url: url
            .Replace("{port}", $"{TestHost.FreePort()}", StringComparison.Ordinal)
            .Replace("{http}", $"{_router.Receiver.Url.Port}", StringComparison.Ordinal)
            .Replace("{nonsense}", $"{nonsensePort}", StringComparison.Ordinal)
            .Replace("{zero}", $"{zeroPort}", StringComparison.Ordinal));
        await site.PostLead();
        var delivery = await site.Delivery(destination, "dead");
        Assert.Equal(error, delivery.GetProperty("last_error").GetString());
        Assert.Equal(4, delivery.GetProperty("attempts").GetArrayLength());
    }

    private Task<bool> IsActive(TestSite site, TestDestination destination) =>
        _router.Query<bool>("select active from destinations where id = @Id and site_id = @Site", new { destination.Id, Site = site.Id });

    private static IEnumerable<(int, int, string)> Attempts(JsonElement delivery) => delivery.GetProperty("attempts").EnumerateArray()
        .Select(attempt => (attempt.GetProperty("attempt").GetInt32(), attempt.GetProperty("status").GetInt32(),
            attempt.GetProperty("result").GetString()!));

    private static TcpListener Talk(string answer, out int port)
    {
        var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        port = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
        _ = Talk(listener, Encoding.ASCII.GetBytes(answer));
        return listener;
    }

    private static async Task Talk(TcpListener listener, byte[] answer)
    {
        try
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync();
                await client.GetStream().WriteAsync(answer);
                await client.GetStream().ReadExactlyAsync(new byte[100]);
            }
        }
        catch (Exception closed) when (closed is SocketException or ObjectDisposedException or IOException)
        {
            // The test is over.
        }
    }
}
