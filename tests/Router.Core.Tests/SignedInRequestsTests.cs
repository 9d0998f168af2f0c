using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Router.Core.Deliveries;
using Router.Core.Destinations;
using Router.Core.Leads;

namespace Router.Core.Tests;

/// <summary>How access tokens are asked for, kept, renewed and sent.</summary>
public sealed class SignedInRequestsTests : IDisposable
{
    private const string Secret = "s:cret/ with=signs";

    private readonly ConcurrentQueue<(string Path, string Head, string Body)> _requests = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 26, 12, 0, 0, TimeSpan.Zero));
    private readonly ScriptedReceiver _server;
    private readonly DestinationSender _sender;
    private Func<int, string> _token = number => Answer(200, $$"""{"access_token":"t{{number}}","expires_in":3600}""");
    private Func<string, int> _status = _ => 200;
    private Task _mayAnswer = Task.CompletedTask;
    private int _tokens;

    public SignedInRequestsTests()
    {
        _server = new ScriptedReceiver(async (stream, _) =>
        {
            while (await Read(stream) is { } request)
            {
                _requests.Enqueue(request);
                var answer = request.Path switch
                {
                    "/token" => _token(Interlocked.Increment(ref _tokens)),
                    _ => Answer(_status(Bearer(request.Head)), ""),
                };
                await _mayAnswer;
                await stream.WriteAsync(Encoding.ASCII.GetBytes(answer));
            }
        });
        var options = Options.Create(new DeliveryOptions { RequestTimeout = TimeSpan.FromMinutes(1) });
        _sender = new DestinationSender(
            options, new NetworkGuard(Options.Create(new NetworkOptions { Allow = "127.0.0.1" })), _time, new NameLookups(options, _time));
    }

    public void Dispose()
    {
        _sender.Dispose();
        _server.Dispose();
    }

    [Fact]
    public async Task Tokens_WantedAtTheSameTime_AreAskedForOnce()
    {
        var ask = new TaskCompletionSource();
        _mayAnswer = ask.Task;
        var destination = Destination();
        var sending = Enumerable.Range(0, 20).Select(_ => Send(destination)).ToList();
        ask.SetResult();
        Assert.All(await Task.WhenAll(sending), answer => Assert.Equal((200, false), (answer.Status, answer.IsOfSecondRequest)));
        Assert.Equal(1, _tokens);
        Assert.Equal(Enumerable.Repeat("t1", 20), Leads());
    }

    [Fact]
    public async Task Token_IsKeptUntilShortlyBeforeItExpires()
    {
        var destination = Destination();
        await Send(destination);
        _time.Advance(TimeSpan.FromSeconds(3539));
        await Send(destination);
        _time.Advance(TimeSpan.FromSeconds(1));
        await Send(destination);
        Assert.Equal(["t1", "t1", "t2"], Leads());

        // Another destination, and one whose client was changed, have tokens of their own.
        await Send(Destination());
        await Send(destination with { OAuth = destination.OAuth! with { Scope = "other" } });
        Assert.Equal(["t1", "t1", "t2", "t3", "t4"], Leads());
    }

    [Fact]
    public async Task Token_ThatIsRefused_IsRenewedOnceInTheSameAttempt()
    {
        var destination = Destination();
        _status = token => token == "t1" ? 401 : 200;
        var answer = await Send(destination);
        Assert.Equal((200, true), (answer.Status, answer.IsOfSecondRequest));
        Assert.Equal(["t1", "t2"], Leads());

        // Once only: then it is the receiver's answer. The token stays, for all that anybody knows.
        _status = _ => 401;
        answer = await Send(destination);
        Assert.Equal((401, true), (answer.Status, answer.IsOfSecondRequest));
        Assert.Equal(["t1", "t2", "t2", "t3"], Leads());

        // Other refusals say nothing of the token.
        _status = _ => 403;
        Assert.Equal(403, (await Send(destination)).Status);
        Assert.Equal(3, _tokens);
    }

    [Fact]
    public async Task Client_SaysWhoItIsAsTheEndpointWants()
    {
        var destination = Destination();
        await Send(destination);
        await Send(destination with
        {
            OAuth = destination.OAuth! with
            {
                Scope = "leads:write x", Audience = "https://api.test", Authentication = OAuthClientAuthentication.Post,
            },
        });
        var asked = _requests.Where(request => request.Path == "/token").ToList();
        var basic = Convert.ToBase64String(Encoding.ASCII.GetBytes("the+client:s%3Acret%2F+with%3Dsigns"));
        Assert.Contains($"Authorization: Basic {basic}\r\n", asked[0].Head, StringComparison.Ordinal);
        Assert.Equal("grant_type=client_credentials", asked[0].Body);
        Assert.DoesNotContain("Authorization", asked[1].Head, StringComparison.Ordinal);
        Assert.Equal(
            "grant_type=client_credentials&scope=leads%3Awrite+x&audience=https%3A%2F%2Fapi.test&client_id=the+client"
            + "&client_secret=s%3Acret%2F+with%3Dsigns", asked[1].Body);
        Assert.All(asked, request => Assert.Contains(
            "Content-Type: application/x-www-form-urlencoded\r\n", request.Head, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(401, """{"error":"invalid_client","error_description":"s:cret"}""", "token_endpoint_401", """{"error":"invalid_client"}""")]
    [InlineData(400, "s:cret", "token_endpoint_400", "")]
    [InlineData(302, "", "token_endpoint_302", "")] // Never followed.
    [InlineData(500, "", "token_endpoint_500", "")]
    [InlineData(200, "<html>s:cret</html>", "token_endpoint_no_token", "")]
    public async Task Endpoint_WithoutAToken_FailsTheAttemptAndTheReceiverIsNotAsked(int status, string body, string error, string kept)
    {
        _token = _ => Answer(status, body, "Location: /elsewhere\r\n");
        var answer = await Send(Destination());
        Assert.Equal((null, error, kept), (answer.Status, answer.ErrorCode, Encoding.UTF8.GetString(answer.Body)));
        Assert.Equal(AttemptResult.Failed, Outcome.Of(answer));
        Assert.Equal("/token", Assert.Single(_requests).Path);

        // A failure isn't kept.
        _token = _ => Answer(200, """{"access_token":"t"}""");
        Assert.Equal(200, (await Send(Destination())).Status);
    }

    [Fact]
    public async Task Endpoint_WithAnEndlessAnswer_IsReadNoFurtherThanIsSaid()
    {
        _token = _ => Answer(200, $$"""{"access_token":"t","x":"{{new string('x', TokenEndpoint.LongestAnswer)}}"}""");
        Assert.Equal("token_endpoint_no_token", (await Send(Destination())).ErrorCode);
    }

    [Fact]
    public async Task Endpoint_ThatDoesNotAnswer_LeavesTheAttemptItsTime()
    {
        var never = new TaskCompletionSource();
        _mayAnswer = never.Task;
        var sending = Send(Destination());
        await Eventually(() => !_requests.IsEmpty);
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal("token_endpoint_timeout", (await sending).ErrorCode);
        never.SetResult();
    }

    [Fact]
    public async Task Endpoint_ThatAsksForAWait_IsGivenIt()
    {
        _token = _ => Answer(429, "", "Retry-After: 7\r\n");
        Assert.Equal(TimeSpan.FromSeconds(7), Outcome.RetryAfter(await Send(Destination())));
    }

    [Theory]
    [InlineData("https://10.0.0.1/token", "token_endpoint_address_not_allowed")]
    [InlineData("http://one.test/token", "token_endpoint_url_not_allowed")]
    [InlineData("https://inside.test/token", "token_endpoint_dns_failure")] // By what the name resolves to.
    public async Task Endpoint_WhereTheGuardLetsNothingGo_IsNotAsked(string url, string error)
    {
        var options = Options.Create(new DeliveryOptions());
        using var sender = new DestinationSender(
            options, new NetworkGuard(Options.Create(new NetworkOptions { Allow = "127.0.0.1" })), _time,
            new NameLookups(options, _time, _ => [IPAddress.Parse("10.0.0.1")]));
        var destination = Destination();
        var answer = await Send(destination with { OAuth = destination.OAuth! with { TokenUrl = new Uri(url) } }, sender);
        Assert.Equal(error, answer.ErrorCode);
        Assert.Empty(_requests);
    }

    [Fact]
    public void Connections_WithACertificate_AreClosedAfterTheirLastUseOnceItIsChanged()
    {
        var made = new List<OutgoingConnections>();
        using var certified = new CertifiedConnections(_ =>
        {
            made.Add(new OutgoingConnections(
                new DeliveryOptions(), new GuardedConnection(null!, null!, proxy: null, _time), _time));
            return made[^1];
        });
        var (one, other) = (Guid.NewGuid(), Guid.NewGuid());
        var first = certified.Take(one, new ClientCertificate("a"));
        using (var again = certified.Take(one, new ClientCertificate("a")))
            Assert.Same(first.Connections, again.Connections);
        using (var ofAnother = certified.Take(other, new ClientCertificate("a")))
            Assert.NotSame(first.Connections, ofAnother.Connections);

        using var changed = certified.Take(one, new ClientCertificate("b"));
        Assert.NotSame(first.Connections, changed.Connections);
        Assert.False(IsClosed(first.Connections));
        first.Dispose();
        Assert.True(IsClosed(first.Connections));
        Assert.Equal(3, made.Count);
        Assert.Equal(1, made.Count(IsClosed));
    }

    private static bool IsClosed(OutgoingConnections connections)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "ftp://nowhere.test");
        try
        {
            _ = connections.Kept.SendAsync(request, TestContext.Current.CancellationToken);
            return false;
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
    }

    private Task<Answer> Send(Destination destination) => Send(destination, _sender);

    private async Task<Answer> Send(Destination destination, DestinationSender sender)
    {
        var lead = new LeadEvent
        {
            EventId = Guid.NewGuid(), SiteId = Guid.NewGuid(), Action = LeadAction.Created, LeadId = "1", AcceptedAt = _time.GetUtcNow(),
            Product = "p", SourceSystem = "P", Lead = new RawJson("{}"u8.ToArray()),
        };
        return (await sender.Send(destination, lead, OutgoingContent.OfOwn("{}"u8.ToArray()), number: 1)).Answer;
    }

    private Destination Destination() => new(
        Guid.NewGuid(), DestinationKind.Custom, "d", new Uri($"http://127.0.0.1:{_server.Port}/leads"), "",
        new Signing(SignatureScheme.LeadRouter, "secret"))
    {
        OAuth = new OAuthClient(
            new Uri($"http://127.0.0.1:{_server.Port}/token"), "the client", Secret, null, null, OAuthClientAuthentication.Basic),
    };

    /// <summary>The tokens that leads came with.</summary>
    private IEnumerable<string> Leads() => _requests.Where(request => request.Path == "/leads").Select(request => Bearer(request.Head));

    private static string Bearer(string head) => head.Split("Authorization: Bearer ")[1].Split("\r\n")[0];

    private static string Answer(int status, string body, string headers = "") =>
        $"HTTP/1.1 {status} Status\r\n{headers}Content-Length: {body.Length}\r\n\r\n{body}";

    private static async Task<(string Path, string Head, string Body)?> Read(Stream stream)
    {
        var text = "";
        var buffer = new byte[65536];
        while (true)
        {
            if (text.IndexOf("\r\n\r\n", StringComparison.Ordinal) is >= 0 and var end)
            {
                var head = text[..(end + 2)];
                var length = int.Parse(head.Split("Content-Length: ")[1].Split("\r\n")[0], CultureInfo.InvariantCulture);
                if (text.Length == end + 4 + length)
                    return (head.Split(' ')[1], head, text[(end + 4)..]);
            }

            if (await stream.ReadAsync(buffer) is not (> 0 and var read))
                return null;
            text += Encoding.Latin1.GetString(buffer, 0, read);
        }
    }

    private static async Task Eventually(Func<bool> isSo)
    {
        while (!isSo())
            await Task.Delay(10, TestContext.Current.CancellationToken);
    }
}
