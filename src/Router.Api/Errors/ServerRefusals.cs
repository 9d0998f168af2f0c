using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.WebUtilities;

namespace Router.Api.Errors;

/// <summary>
/// What the server refuses before any of our code sees it (a malformed request line, too many headers, headers that don't end) is answered
/// without a body. Senders get <c>{"error": …}</c> here, too. Over TLS of our own there is no way in: what is behind a proxy has none.
/// </summary>
internal static class ServerRefusals
{
    private const string BadRequest = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    public static void AddServerRefusals(this IServiceCollection services) => services.Configure<KestrelServerOptions>(kestrel =>
        kestrel.ConfigureEndpointDefaults(listen => listen.Use(next => connection =>
        {
            var output = new Output(connection.Transport.Output);
            connection.Transport = new Duplex(connection.Transport.Input, output);
            connection.Features.Set(output);
            return next(connection);
        })));

    public static void UseServerRefusals(this WebApplication app) =>
        app.Services.GetRequiredService<DiagnosticListener>().Subscribe(new Observer(), name => name == BadRequest);

    private static byte[] Answer(int status)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new Dictionary<string, string>(StringComparer.Ordinal) { ["error"] = StatusSentences.Of(status) });
        var head = $"HTTP/1.1 {status} {ReasonPhrases.GetReasonPhrase(status)}\r\nContent-Type: application/json\r\n"
            + $"Content-Length: {body.Length}\r\nConnection: close\r\n\r\n";
        return [.. Encoding.ASCII.GetBytes(head), .. body];
    }

    private sealed class Observer : IObserver<KeyValuePair<string, object?>>
    {
        public void OnNext(KeyValuePair<string, object?> value)
        {
            if (value.Value is IFeatureCollection features
                && features.Get<Output>() is { } output
                && features.Get<ITlsHandshakeFeature>() is null
                && features.Get<IHttpResponseFeature>() is { HasStarted: false } response)
            {
                output.Refuse(Answer(response.StatusCode));
            }
        }

        public void OnError(Exception error)
        {
        }

        public void OnCompleted()
        {
        }
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>What the server writes to a connection; after a refusal of ours, nothing more.</summary>
    private sealed class Output(PipeWriter inner) : PipeWriter
    {
        private const int Scratch = 4096;

        private volatile bool _isRefused;

        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public void Refuse(byte[] answer)
        {
            inner.Write(answer);
            _isRefused = true;
            _ = inner.FlushAsync().AsTask();
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) =>
            _isRefused ? new byte[Math.Max(sizeHint, Scratch)] : inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) =>
            _isRefused ? new byte[Math.Max(sizeHint, Scratch)] : inner.GetSpan(sizeHint);

        public override void Advance(int bytes)
        {
            if (!_isRefused)
                inner.Advance(bytes);
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
            _isRefused ? default : inner.FlushAsync(cancellationToken);

        public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default) =>
            _isRefused ? default : inner.WriteAsync(source, cancellationToken);

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

        public override void CancelPendingFlush() => inner.CancelPendingFlush();
    }
}
