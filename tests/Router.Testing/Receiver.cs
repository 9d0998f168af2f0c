using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace Router.Testing;

/// <summary>One request as it arrived: the raw bytes, so that a signature is verified as a receiver would.</summary>
public sealed record Received(string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body, DateTimeOffset At)
{
    /// <summary>The SHA-256 fingerprint of the certificate that its connection presented; null without one.</summary>
    public string? ClientCertificate { get; init; }

    public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Body);

    public string Action => Headers["X-Lead-Router-Action"];

    public string MessageId => Headers["X-Lead-Router-Message-Id"];

    public int Attempt => int.Parse(Headers["X-Lead-Router-Attempt"], System.Globalization.CultureInfo.InvariantCulture);

    public bool IsSignedWith(string secret) =>
        Headers["X-Lead-Router-Signature"] == Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Body));
}

/// <summary>A destination's server: a real Kestrel that answers as each test says.</summary>
public sealed class Receiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Received> _received = new();
    private readonly ConcurrentDictionary<string, Func<HttpContext, Received, Task>> _answers = new(StringComparer.Ordinal);

    private Receiver(WebApplication app) => _app = app;

    public Uri Url { get; private set; } = null!;

    public IReadOnlyList<Received> All => [.. _received];

    /// <summary>Listens on that address; with a certificate by https.</summary>
    /// <param name="port">Any by default.</param>
    /// <param name="address">The address.</param>
    /// <param name="certificate">Its own certificate.</param>
    /// <param name="clients">Whose certificates it lets in: then it takes nobody without one.</param>
    public static async Task<Receiver> Start(
        int port = 0, string address = "127.0.0.1", X509Certificate2? certificate = null, X509Certificate2? clients = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"{(certificate is null ? "http" : "https")}://{address}:{port}");
        if (certificate is not null)
            builder.WebHost.UseKestrelHttpsConfiguration()
                .ConfigureKestrel(kestrel => kestrel.ConfigureHttpsDefaults(https =>
                {
                    https.ServerCertificate = certificate;
                    if (clients is null)
                        return;
                    https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
                    https.ClientCertificateValidation = (client, _, _) => IsIssuedBy(clients, client);
                }));
        var receiver = new Receiver(builder.Build());
        receiver._app.Run(receiver.Receive);
        await receiver._app.StartAsync();
        receiver.Url = new Uri(receiver._app.Urls.Single());
        return receiver;
    }

    /// <summary>The request that tells a destination of a change of its Active flag.</summary>
    public async Task<Received> WaitFor(string path, string action)
    {
        await Eventually.True(() => _received.Any(request => request.Path == path && request.Action == action), $"{action} at {path}");
        return _received.First(request => request.Path == path && request.Action == action);
    }

    /// <summary>What arrived at the path of leads and users; news of the destination itself are another matter.</summary>
    public IReadOnlyList<Received> At(string path) =>
        [.. _received.Where(request => request.Path == path && !request.Action.StartsWith("integration_", StringComparison.Ordinal))];

    /// <summary>Answers every request to the path with what the function says; without one the answer is 200.</summary>
    public void Answer(string path, Func<HttpContext, Received, Task> answer) => _answers[path] = answer;

    /// <summary>Answers with these statuses in turn; the last one stays.</summary>
    public void Answer(string path, params int[] statuses)
    {
        var next = 0;
        Answer(path, (context, _) =>
        {
            context.Response.StatusCode = statuses[Math.Min(Interlocked.Increment(ref next) - 1, statuses.Length - 1)];
            return Task.CompletedTask;
        });
    }

    public async Task<IReadOnlyList<Received>> Wait(string path, int count, int seconds = 60)
    {
        var there = 0;
        try
        {
            await Eventually.True(() => (there = At(path).Count) >= count, $"{count} requests at {path}", seconds);
        }
        catch (Xunit.Sdk.FailException late)
        {
            Assert.Fail($"{late.Message} (there are {there})");
        }

        return At(path);
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        try
        {
            await _app.StopAsync(now.Token);
        }
        catch (OperationCanceledException)
        {
            // A hanging answer is cut off.
        }

        await _app.DisposeAsync();
    }

    private static bool IsIssuedBy(X509Certificate2 authority, X509Certificate2 client)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(client);
    }

    private async Task Receive(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var request = new Received(
            context.Request.Path.Value!,
            context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            body.ToArray(),
            TimeProvider.System.GetUtcNow())
        {
            ClientCertificate = context.Connection.ClientCertificate is { } client
                ? Convert.ToHexStringLower(client.GetCertHash(HashAlgorithmName.SHA256)) : null,
        };
        _received.Enqueue(request);
        if (_answers.TryGetValue(request.Path, out var answer))
            await answer(context, request);
    }
}
