using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Router.Benchmarks.Floor;

/// <summary>
/// Takes a body, publishes it, answers 201 when the broker has confirmed it. Nothing else: no credentials, no validation.
/// </summary>
internal static class FloorApi
{
    public static async Task Serve(Uri amqp, int port)
    {
        var channel = await FloorQueue.Open(amqp, new CreateChannelOptions(
            publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true,
            outstandingPublisherConfirmationsRateLimiter: null));
        var properties = new BasicProperties { Persistent = true, ContentType = "application/json" };

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        await using var app = builder.Build();
        app.Run(async context =>
        {
            // Somebody who asks whether it is up.
            if (context.Request.ContentLength is not { } length)
                return;

            var body = new byte[length];
            await context.Request.Body.ReadExactlyAsync(body);
            await channel.BasicPublishAsync("", FloorQueue.Name, mandatory: true, properties, body);
            context.Response.StatusCode = StatusCodes.Status201Created;
            context.Response.ContentLength = 0;
        });
        await app.RunAsync();
    }
}
