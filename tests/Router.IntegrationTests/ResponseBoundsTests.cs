using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>No answer, however large, costs more than its own attempt; FirstBytesAreKept in OutcomeTests bounds the body.</summary>
public sealed class ResponseBoundsTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Theory]
    [InlineData(24)]
    [InlineData(40)] // More than is read: the status is known by then.
    public async Task Receiver_AnswersWithLargeHeaders_IsTakenByItsStatus(int kibibytes)
    {
        var site = await _router.CreateSite();
        _router.Receiver.Answer(site.LeadManager.Path, (context, _) =>
        {
            for (var i = 0; i < kibibytes; i++)
                context.Response.Headers[$"X-Large-{i}"] = new string('x', 1010);
            return Task.CompletedTask;
        });
        await site.PostLead();
        Assert.Equal(200, (await site.Delivery(site.LeadManager, "delivered")).GetProperty("last_status").GetInt32());
    }

    [Fact]
    public async Task Receiver_AnswersWithoutEnd_IsDeliveredAndHungUpOn()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var flood = Flood(listener);
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("endless", url: $"http://{listener.LocalEndpoint}/");
        await site.PostLead();
        var delivery = await site.DeliveryAsOwner(destination, "delivered");
        Assert.Equal(16384, delivery.GetProperty("attempts")[0].GetProperty("response_body").GetString()!.Length);
        // What fits into the buffers between us and it; reading on for a second would be hundreds of megabytes.
        Assert.InRange(await flood.WaitAsync(TimeSpan.FromSeconds(30)), 16384, 32 << 20);
    }

    [Fact]
    public async Task Receiver_AnswersCompressedThoughNotAskedTo_IsKeptReadableAndBounded()
    {
        // A megabyte in a kilobyte: unpacked it would be a thousand times what was sent.
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            await gzip.WriteAsync(Encoding.UTF8.GetBytes(new string('x', 1 << 20)));
        var site = await _router.CreateSite();
        _router.Receiver.Answer(site.LeadManager.Path, async (context, _) =>
        {
            context.Response.Headers.ContentEncoding = "gzip";
            await context.Response.Body.WriteAsync(packed.ToArray());
        });
        await site.PostLead();
        await site.Delivery(site.LeadManager, "delivered");
        Assert.Equal("identity", _router.Receiver.At(site.LeadManager.Path)[0].Headers["Accept-Encoding"]);
        var kept = await _router.Query<byte[]>(
            "select response_body from attempts where destination_id = @Id", new { site.LeadManager.Id });
        Assert.Equal(new string('x', 16384), Encoding.UTF8.GetString(kept));
    }

    /// <summary>Answers one request until the other side hangs up; how much it could write.</summary>
    private static async Task<long> Flood(TcpListener listener)
    {
        using var client = await listener.AcceptTcpClientAsync();
        var stream = client.GetStream();
        await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"u8.ToArray());
        var piece = new byte[65536];
        Array.Fill(piece, (byte)'x');
        var sent = 0L;
        try
        {
            for (; ; sent += piece.Length)
                await stream.WriteAsync(piece);
        }
        catch (IOException)
        {
            return sent;
        }
    }
}
