using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text;
using Microsoft.Extensions.Options;
using Router.Core.Deliveries;
using Router.Core.Destinations;
using Router.Core.Leads;

namespace Router.Core.Tests;

/// <summary>What a receiver can do on the wire, and what becomes of it.</summary>
public sealed class DestinationSenderTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    [Fact]
    public async Task Receiver_HangsUpOnAReusedConnection_GetsTheSameAttemptOverANewOne()
    {
        var requests = new ConcurrentQueue<string>();
        // Answers one request of each connection, and closes it as the second one comes.
        using var receiver = new ScriptedReceiver(async (stream, _) =>
        {
            requests.Enqueue((await ScriptedReceiver.ReadRequest(stream))!);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(Ok));
            if (await ScriptedReceiver.ReadRequest(stream) is { } second)
                requests.Enqueue(second);
        });
        using var sender = Sender();
        for (var lead = 0; lead < 3; lead++)
            Assert.Equal(200, (await Send(sender, receiver.Port)).Status);

        // 1 on a new connection; 2 on the old one, which breaks, and again on a new one; 3 on a new one, for that wasn't kept.
        Assert.Equal(3, receiver.Connections);
        Assert.Equal(4, requests.Count);
        Assert.All(requests, request => Assert.Contains("X-Lead-Router-Attempt: 1\r\n", request, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Attempt_ThatNeededTwoRequests_SaysSo()
    {
        using var receiver = new ScriptedReceiver(async (stream, _) =>
        {
            await ScriptedReceiver.ReadRequest(stream);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(Ok));
            await ScriptedReceiver.ReadRequest(stream);
        });
        using var sender = Sender();
        Assert.False((await Send(sender, receiver.Port)).IsOfSecondRequest);
        Assert.True((await Send(sender, receiver.Port)).IsOfSecondRequest);
    }

    [Theory]
    [InlineData("", 1)] // On a new connection it is the receiver's answer.
    [InlineData("HTTP/1.1 ", 2)] // A part of an answer is an answer.
    [InlineData(null, 2)] // Silence isn't a broken connection: the request may be at work.
    public async Task Receiver_HangsUpOtherwise_GetsNoSecondRequest(string? answer, int breaksAt)
    {
        var requests = 0;
        using var receiver = new ScriptedReceiver(async (stream, _) =>
        {
            while (await ScriptedReceiver.ReadRequest(stream) is not null)
            {
                if (++requests == breaksAt)
                {
                    if (answer is null)
                        await ScriptedReceiver.ReadRequest(stream);
                    else
                        await stream.WriteAsync(Encoding.ASCII.GetBytes(answer));
                    return;
                }

                await stream.WriteAsync(Encoding.ASCII.GetBytes(Ok));
            }
        });
        using var sender = Sender(requestTimeout: TimeSpan.FromSeconds(2));
        for (var before = 1; before < breaksAt; before++)
            Assert.Equal(200, (await Send(sender, receiver.Port)).Status);
        var broken = await Send(sender, receiver.Port);
        Assert.Equal(answer is null ? AttemptError.Timeout : AttemptError.ConnectionLost, broken.Error);
        Assert.Equal(breaksAt, requests);
    }

    // What a receiver could send for as long as a request may take: none of it is an answer.
    [Theory]
    [InlineData("", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", null)]
    [InlineData("", "HTTP/1.1 100 Continue\r\n\r\n", null)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X-Trailer: a\r\n", 200)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "000000", 200)]
    [InlineData("HTTP/1.1 200 OK\r\n", "X-Header: a\r\n", 200)]
    public async Task Receiver_AnswersWithoutEnd_IsHungUpOnLongBeforeTheTimeIsOver(string begins, string goesOn, int? status)
    {
        var sent = 0L;
        using var receiver = new ScriptedReceiver(async (stream, _) =>
        {
            await ScriptedReceiver.ReadRequest(stream);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(begins));
            var piece = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(goesOn, 1000)));
            for (; ; Interlocked.Add(ref sent, piece.Length))
                await stream.WriteAsync(piece);
        });
        using var sender = Sender(requestTimeout: TimeSpan.FromMinutes(5));
        var answer = await Send(sender, receiver.Port);
        Assert.Equal((status, status is null ? AttemptError.InvalidStatus : (AttemptError?)null), (answer.Status, answer.Error));
        // What was read, and what fits into the buffers between us and it.
        Assert.InRange(Interlocked.Read(ref sent), 0, 32 << 20);
    }

    [Fact]
    public async Task Host_WhoseFirstAddressIsSilent_IsReachedByItsNext()
    {
        using var receiver = new ScriptedReceiver(async (stream, _) =>
        {
            await ScriptedReceiver.ReadRequest(stream);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(Ok));
        });
        using var silent = new SilentListener(IPAddress.IPv6Loopback, receiver.Port);
        using var sender = Sender(resolve: _ => [IPAddress.IPv6Loopback, IPAddress.Loopback]);
        Assert.Equal(200, (await Send(sender, receiver.Port, "http://two.test:{port}/")).Status);
        await SilentListener.NoneConnects(receiver.Port, TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nno colon here\r\n\r\n", 200, null)]
    [InlineData("HTTP/1.1 406 No\r\nBad Name: x\r\n\r\n", 406, null)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok", 200, null)]
    [InlineData("HTTP/1.1 200 OK\r\nX: cut off", 200, null)]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nno colon\r\n\r\n", 201, null)]
    [InlineData("HTTP/1.1 2x0 OK\r\n\r\n", null, AttemptError.InvalidStatus)]
    [InlineData("HTTP/1.1 042 Zero\r\nContent-Length: 0\r\n\r\n", null, AttemptError.InvalidStatus)]
    [InlineData("SSH-2.0-not-http\r\n\r\n", null, AttemptError.InvalidResponse)]
    [InlineData("HTTP/1.1 20", null, AttemptError.ConnectionLost)]
    public async Task Answer_ThatIsBroken_IsItsStatusWhereThatCanBeRead(string answer, int? status, AttemptError? error)
    {
        using var receiver = new ScriptedReceiver(async (stream, _) =>
        {
            await ScriptedReceiver.ReadRequest(stream);
            await stream.WriteAsync(Encoding.Latin1.GetBytes(answer));
        });
        using var sender = Sender();
        var said = await Send(sender, receiver.Port);
        Assert.Equal((status, error), (said.Status, said.Error));
    }

    [Fact]
    public async Task Answer_WithMoreHeadersThanAreRead_IsItsStatus()
    {
        using var receiver = new ScriptedReceiver(async (stream, _) =>
        {
            await ScriptedReceiver.ReadRequest(stream);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(
                $"HTTP/1.1 204 No Content\r\n{string.Concat(Enumerable.Repeat($"X-Large: {new string('x', 1000)}\r\n", 40))}\r\n"));
        });
        using var sender = Sender();
        Assert.Equal(204, (await Send(sender, receiver.Port)).Status);
    }

    [Fact]
    public async Task Answer_OfAFailure_KeepsWhatTellsWhy()
    {
        using var receiver = new ScriptedReceiver(async (stream, _) =>
        {
            await ScriptedReceiver.ReadRequest(stream);
            await stream.WriteAsync(Encoding.UTF8.GetBytes(
                $"HTTP/1.1 503 Wait\r\nLocation: /grün\r\nX-Other: no\r\nServer: {new string('s', 900)}\r\n"
                + "Retry-After: 99999999999\r\nContent-Length: 0\r\nContent-Type: text/html\r\n\r\n"));
        });
        using var sender = Sender();
        var answer = await Send(sender, receiver.Port);
        Assert.Equal($"Location: /grün\nRetry-After: 99999999999\nContent-Type: text/html\nServer: {new string('s', 500)}…",
            answer.Headers);
        Assert.True(answer.RetryAfter > TimeSpan.FromHours(24));
    }

    [Fact]
    public async Task Request_OnTheWire_IsTheUrlAsEnteredAndAcceptsAnything()
    {
        string? got = null;
        using var receiver = new ScriptedReceiver(async (stream, _) =>
        {
            got = await ScriptedReceiver.ReadRequest(stream);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(Ok));
        });
        using var sender = Sender();
        // .NET's client would tell the receiver of it.
        using var traced = new Activity("somebody's").AddBaggage("of", "somebody").Start();
        Assert.Equal(200, (await Send(sender, receiver.Port, "http://127.0.0.1:{port}/%41/%7E/%2e%2e/a/../b?c=%41#d")).Status);
        Assert.StartsWith("POST /%41/%7E/%2e%2e/a/../b?c=%41 HTTP/1.1\r\n", got, StringComparison.Ordinal);
        Assert.Contains("\r\nAccept: */*\r\n", got, StringComparison.Ordinal);
        Assert.Contains("\r\nAccept-Encoding: identity\r\n", got, StringComparison.Ordinal);
        Assert.DoesNotContain("traceparent", got, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("somebody", got, StringComparison.Ordinal);
    }

    private static DestinationSender Sender(TimeSpan? requestTimeout = null, Func<string, IPAddress[]>? resolve = null)
    {
        var options = Options.Create(new DeliveryOptions
        {
            ConnectTimeout = TimeSpan.FromMinutes(1), RequestTimeout = requestTimeout ?? TimeSpan.FromMinutes(1),
        });
        return new DestinationSender(
            options, new NetworkGuard(Options.Create(new NetworkOptions { Allow = "127.0.0.1, ::1, two.test" })), TimeProvider.System,
            new NameLookups(options, TimeProvider.System, resolve));
    }

    private static async Task<Answer> Send(DestinationSender sender, int port, string url = "http://127.0.0.1:{port}/")
    {
        var destination = new Destination(
            Guid.NewGuid(), DestinationKind.Custom, "d", DestinationUrl.Parse(url.Replace("{port}", $"{port}", StringComparison.Ordinal)),
            "",
            new Signing(SignatureScheme.LeadRouter, "secret"));
        var lead = new LeadEvent
        {
            EventId = Guid.NewGuid(), SiteId = Guid.NewGuid(), Action = LeadAction.Created, LeadId = "1",
            AcceptedAt = TimeProvider.System.GetUtcNow(),
            Product = "p", SourceSystem = "P", Lead = new RawJson("{}"u8.ToArray()),
        };
        return (await sender.Send(destination, lead, OutgoingContent.OfOwn("{}"u8.ToArray()), number: 1)).Answer;
    }
}
