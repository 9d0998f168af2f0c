using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Router.Testing;

/// <summary>
/// A collector that takes OTLP by gRPC: by its frames on HTTP/2, since the services' definitions are in no package. What comes is noted as
/// if it had come by HTTP, where the messages are the same.
/// </summary>
public sealed class GrpcCollector : IAsyncDisposable
{
    private static readonly Dictionary<string, string> Paths = new(StringComparer.Ordinal)
    {
        ["/opentelemetry.proto.collector.trace.v1.TraceService/Export"] = "/v1/traces",
        ["/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"] = "/v1/metrics",
        ["/opentelemetry.proto.collector.logs.v1.LogsService/Export"] = "/v1/logs",
    };

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Received> _received = new();

    private GrpcCollector(WebApplication app) => _app = app;

    public Uri Url { get; private set; } = null!;

    public IReadOnlyList<Received> All => [.. _received];

    public static async Task<GrpcCollector> Start()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        var collector = new GrpcCollector(builder.Build());
        collector._app.Run(collector.Receive);
        await collector._app.StartAsync();
        collector.Url = new Uri(collector._app.Urls.Single());
        return collector;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    /// <summary>A unary call: one frame comes, one goes, and how it went stands in the trailer.</summary>
    private async Task Receive(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        context.Response.ContentType = "application/grpc";
        var status = Paths.TryGetValue(context.Request.Path.Value!, out var path) ? "0" : "12";
        if (path is not null)
        {
            _received.Enqueue(new Received(
                path, context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.Ordinal),
                Message(body.ToArray()), TimeProvider.System.GetUtcNow()));
            await context.Response.Body.WriteAsync(new byte[5]);
        }

        context.Response.AppendTrailer("grpc-status", status);
    }

    /// <summary>Behind a byte that says whether it is compressed, and four of its length.</summary>
    private static byte[] Message(byte[] frame)
    {
        if (frame[0] != 0)
            throw new NotSupportedException("Compressed.");
        return frame[5..(5 + BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(1)))];
    }
}
