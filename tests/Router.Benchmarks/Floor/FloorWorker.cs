using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Router.Benchmarks.Floor;

/// <summary>Takes a lead, signs it for each destination, posts it to all at once, acknowledges. No ledger: what is lost is lost.</summary>
internal sealed class FloorWorker(IChannel channel, Uri[] destinations) : IDisposable
{
    private const ushort Prefetch = 256;

    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly byte[][] _secrets = [.. destinations.Select(url => Encoding.UTF8.GetBytes($"secret of {url}"))];

    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
    });

    public static async Task Serve(Uri amqp, Uri[] destinations)
    {
        var channel = await FloorQueue.Open(
            amqp, new CreateChannelOptions(publisherConfirmationsEnabled: false, publisherConfirmationTrackingEnabled: false));
        await channel.BasicQosAsync(0, Prefetch, global: false);
        using var worker = new FloorWorker(channel, destinations);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, message) =>
        {
            // The body is lent for the time of this call.
            _ = worker.Deliver(message.DeliveryTag, message.Body.ToArray());
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(FloorQueue.Name, autoAck: false, consumer);
        // Until the parent ends it, or has died.
        await Console.In.ReadToEndAsync();
    }

    public void Dispose() => _http.Dispose();

    private async Task Deliver(ulong tag, byte[] body)
    {
        var messageId = Guid.NewGuid().ToString("D");
        var timestamp = TimeProvider.System.GetUtcNow().ToString("O", CultureInfo.InvariantCulture);
        var posts = new Task[destinations.Length];
        for (var i = 0; i < posts.Length; i++)
            posts[i] = Post(destinations[i], _secrets[i], messageId, timestamp, body);
        await Task.WhenAll(posts);
        await channel.BasicAckAsync(tag, multiple: false);
    }

    private async Task Post(Uri url, byte[] secret, string messageId, string timestamp, byte[] body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = Json;
        request.Headers.TryAddWithoutValidation("User-Agent", "RealGeeks-LeadRouter/1.0");
        request.Headers.TryAddWithoutValidation("X-Lead-Router-Action", "created");
        request.Headers.TryAddWithoutValidation("X-Lead-Router-Message-Id", messageId);
        request.Headers.TryAddWithoutValidation("X-Lead-Router-Timestamp", timestamp);
        request.Headers.TryAddWithoutValidation("X-Lead-Router-Signature", Convert.ToHexStringLower(HMACSHA256.HashData(secret, body)));
        request.Headers.TryAddWithoutValidation("X-Lead-Router-Attempt", "1");
        using var response = await _http.SendAsync(request, CancellationToken.None);
    }
}
