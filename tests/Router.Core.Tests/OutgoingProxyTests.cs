using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Router.Core.Deliveries;
using Router.Core.Destinations;
using Router.Core.Leads;

namespace Router.Core.Tests;

/// <summary>
/// What a proxy is asked, and what its answers mean. It is a script here, to say what real ones say only on bad days; deliveries through a
/// real one are with the integration tests.
/// </summary>
public sealed class OutgoingProxyTests
{
    private const string Connected = "HTTP/1.1 200 Connection established\r\n\r\n";
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

    private static readonly IPAddress Outside = IPAddress.Parse("203.0.113.7");

    [Fact]
    public async Task Request_ByName_AsksForTheCheckedAddressAndOnce()
    {
        var asked = new List<string>();
        using var proxy = new ScriptedReceiver(async (stream, _) =>
        {
            asked.Add(await ReadHead(stream));
            await stream.WriteAsync(Encoding.ASCII.GetBytes(Connected));
            while (await ScriptedReceiver.ReadRequest(stream) is { } request)
            {
                asked.Add(request);
                await stream.WriteAsync(Encoding.ASCII.GetBytes(Ok));
            }
        });
        using var sender = Sender(proxy.Port, [Outside], options => (options.Username, options.Password) = ("me", "é:"));
        Assert.Equal(200, (await Send(sender)).Status);
        Assert.Equal(200, (await Send(sender)).Status);

        Assert.Equal(3, asked.Count);
        Assert.Equal(
            $"CONNECT 203.0.113.7:80 HTTP/1.1\r\nHost: 203.0.113.7:80\r\nProxy-Authorization: Basic {Base64("me:é:")}\r\n\r\n", asked[0]);
        // The receiver gets what it always gets, the name of its host included, and never the credentials.
        Assert.All(asked[1..], request =>
        {
            Assert.StartsWith("POST /leads HTTP/1.1\r\n", request, StringComparison.Ordinal);
            Assert.Contains("\r\nHost: crm.test\r\n", request, StringComparison.Ordinal);
            Assert.DoesNotContain("Proxy-", request, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Name_WithAForbiddenAddress_IsNotAskedFor()
    {
        using var proxy = new CountingListener(IPAddress.Loopback, 0);
        using var sender = Sender(proxy.Port, [IPAddress.Loopback, IPAddress.Parse("10.0.0.1")], allow: "no.test");
        Assert.Equal(AttemptError.DnsFailure, (await Send(sender, "https://crm.test/")).Error);
        Assert.Equal(AttemptError.AddressNotAllowed, (await Send(sender, "https://10.0.0.1/")).Error);
        Assert.Equal(AttemptError.UrlNotAllowed, (await Send(sender, "http://crm.test/")).Error);
        Assert.Equal(0, proxy.Connections);
    }

    [Fact]
    public async Task Host_WhoseFirstAddressTheProxyCannotReach_IsReachedByItsNext()
    {
        var asked = new List<string>();
        using var proxy = new ScriptedReceiver(async (stream, _) =>
        {
            var head = await ReadHead(stream);
            lock (asked)
                asked.Add(head.Split("\r\n")[0]);
            if (head.Contains("[2001:db8::1]", StringComparison.Ordinal))
            {
                await stream.WriteAsync("HTTP/1.1 502 No route\r\n\r\n"u8.ToArray());
                return;
            }

            await stream.WriteAsync(Encoding.ASCII.GetBytes(Connected));
            await ScriptedReceiver.ReadRequest(stream);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(Ok));
        });
        using var sender = Sender(proxy.Port, [IPAddress.Parse("2001:db8::1"), Outside], allow: "crm.test");
        Assert.Equal(200, (await Send(sender)).Status);
        Assert.Equal(["CONNECT [2001:db8::1]:80 HTTP/1.1", "CONNECT 203.0.113.7:80 HTTP/1.1"], asked);
    }

    [Fact]
    public async Task Answer_InSmallPieces_IsRead()
    {
        using var proxy = new ScriptedReceiver(async (stream, _) =>
        {
            await ReadHead(stream);
            foreach (var piece in Encoding.ASCII.GetBytes("HTTP/1.0 200 OK\r\nProxy-agent: x\r\nX: y\r\n\r\n").Chunk(3))
            {
                await stream.WriteAsync(piece);
                await Task.Yield();
            }

            await ScriptedReceiver.ReadRequest(stream);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(Ok));
        });
        using var sender = Sender(proxy.Port, [Outside]);
        Assert.Equal(200, (await Send(sender)).Status);
    }

    [Theory]
    [InlineData("HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic\r\n\r\n", AttemptError.ProxyAuthentication)]
    [InlineData("HTTP/1.0 401 Unauthorized\r\n\r\n", AttemptError.ProxyAuthentication)]
    [InlineData("HTTP/1.1 403 Filtered\r\nContent-Length: 3\r\n\r\nno!", AttemptError.ProxyRefused)]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: http://login.test/\r\n\r\n", AttemptError.ProxyRefused)]
    [InlineData("HTTP/1.1 500 Unable to connect\r\n\r\n", AttemptError.ProxyNoConnection)]
    [InlineData("HTTP/1.1 504 Gateway timeout\r\n", AttemptError.ProxyNoConnection)]
    [InlineData("", AttemptError.ProxyUnreachable)]
    [InlineData("HTTP/1.1 20", AttemptError.ProxyUnreachable)]
    [InlineData("HTTP/1.1 200 OK\r\nX: cut off", AttemptError.ProxyUnreachable)]
    [InlineData("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 forged\r\n\r\n", AttemptError.ProxyUnreachable)]
    [InlineData("SSH-2.0-not-http\r\n\r\n", AttemptError.ProxyUnreachable)]
    public async Task Answer_OfTheProxy_HasAMeaningOfItsOwn(string answer, AttemptError error)
    {
        using var proxy = new ScriptedReceiver(async (stream, _) =>
        {
            await ReadHead(stream);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(answer));
        });
        using var sender = Sender(proxy.Port, [Outside]);
        Assert.Equal(error, (await Send(sender)).Error);
    }

    [Fact]
    public async Task Answer_WithoutEnd_IsReadToALimit()
    {
        var ended = new TaskCompletionSource();
        using var proxy = new ScriptedReceiver(async (stream, _) =>
        {
            await ReadHead(stream);
            await stream.WriteAsync("HTTP/1.1 200 OK\r\n"u8.ToArray());
            try
            {
                while (true)
                    await stream.WriteAsync(Encoding.ASCII.GetBytes($"X: {new string('x', 1000)}\r\n"));
            }
            catch (IOException)
            {
                ended.SetResult();
            }
        });
        using var sender = Sender(proxy.Port, [Outside]);
        Assert.Equal(AttemptError.ProxyUnreachable, (await Send(sender)).Error);
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Proxy_ThatNeverConnects_IsAConnectTimeout()
    {
        using var proxy = new ScriptedReceiver(async (stream, _) =>
        {
            await ReadHead(stream);
            await stream.CopyToAsync(Stream.Null);
        });
        using var sender = Sender(proxy.Port, [Outside], connectTimeout: TimeSpan.FromSeconds(1));
        // It may be the receiver that is silent: nobody can tell.
        Assert.Equal(AttemptError.ConnectTimeout, (await Send(sender)).Error);
    }

    [Fact]
    public async Task Proxy_ThatIsAwayOrSilent_IsUnreachable()
    {
        using var taken = new TcpListener(IPAddress.Parse("127.0.0.9"), 0);
        taken.Start();
        using (var sender = Sender(((IPEndPoint)taken.LocalEndpoint).Port, [Outside]))
            Assert.Equal(AttemptError.ProxyUnreachable, (await Send(sender)).Error);
        using var silent = new SilentListener(IPAddress.Loopback, 0);
        using (var sender = Sender(silent.Port, [Outside], connectTimeout: TimeSpan.FromSeconds(1)))
            Assert.Equal(AttemptError.ProxyUnreachable, (await Send(sender)).Error);
    }

    private static DestinationSender Sender(
        int proxy, IPAddress[] addresses, Action<ProxyOptions>? configure = null, string allow = "crm.test",
        TimeSpan? connectTimeout = null)
    {
        var options = new ProxyOptions { Url = $"http://127.0.0.1:{proxy}" };
        configure?.Invoke(options);
        var delivery = Options.Create(new DeliveryOptions { ConnectTimeout = connectTimeout ?? TimeSpan.FromMinutes(1),
            RequestTimeout = TimeSpan.FromMinutes(1) });
        return new DestinationSender(
            delivery, new NetworkGuard(Options.Create(new NetworkOptions { Allow = allow })), TimeProvider.System,
            new NameLookups(delivery, TimeProvider.System, _ => addresses),
            new OutgoingProxy(
                Options.Create(options), delivery, Options.Create(new IsolationOptions()),
                new NameLookups(delivery, TimeProvider.System), TimeProvider.System, NullLogger<OutgoingProxy>.Instance));
    }

    private static async Task<Answer> Send(DestinationSender sender, string url = "http://crm.test/leads")
    {
        var destination = new Destination(
            Guid.NewGuid(), DestinationKind.Custom, "d", DestinationUrl.Parse(url), "", new Signing(SignatureScheme.LeadRouter, "secret"));
        var lead = new LeadEvent
        {
            EventId = Guid.NewGuid(), SiteId = Guid.NewGuid(), Action = LeadAction.Created, LeadId = "1",
            AcceptedAt = TimeProvider.System.GetUtcNow(), Product = "p", SourceSystem = "P", Lead = new RawJson("{}"u8.ToArray()),
        };
        return (await sender.Send(destination, lead, OutgoingContent.OfOwn("{}"u8.ToArray()), number: 1)).Answer;
    }

    /// <summary>Byte by byte: what follows belongs to the next one who reads.</summary>
    private static async Task<string> ReadHead(NetworkStream stream)
    {
        var head = new StringBuilder();
        var next = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(next) > 0)
            head.Append((char)next[0]);
        return head.ToString();
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
