using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Router.Chaos;

/// <summary>How a destination's server behaves.</summary>
internal enum Manners
{
    Prompt,

    /// <summary>One answer in ten takes up to two seconds.</summary>
    Slow,

    /// <summary>One in twenty is 500, one in a hundred 406.</summary>
    Flaky,

    /// <summary>Three seconds out of twenty it hangs up without an answer.</summary>
    OftenAway,
}

/// <summary>One request as a destination got it.</summary>
internal readonly record struct Arrival(
    Guid Destination, EventKey Key, Guid Message, int Attempt, int Status, DateTimeOffset At, DateTimeOffset Answered);

/// <summary>The servers of all destinations; they write down what arrived.</summary>
internal sealed class Receivers : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Random _random;
    private readonly Dictionary<string, Destination> _destinations = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<Arrival> _arrivals = new();
    private int _forged;

    public Receivers(int seed)
    {
        _random = new Random(seed);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Run(Receive);
    }

    public IReadOnlyCollection<Arrival> Arrivals => _arrivals;

    /// <summary>Requests whose signature was wrong, or whose contents weren't the sender's.</summary>
    public int Forged => _forged;

    public Task Start() => _app.StartAsync();

    /// <summary>A destination's server; what to tell the router of it.</summary>
    public (Uri Url, string Secret) Add(Manners manners)
    {
        var path = $"/{manners}-{_destinations.Count}";
        var secret = $"secret of {path}";
        _destinations[path] = new Destination(manners, Encoding.UTF8.GetBytes(secret));
        return (new Uri(new Uri(_app.Urls.Single()), path), secret);
    }

    public void Name(Uri url, Guid id) => _destinations[url.AbsolutePath].Id = id;

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task Receive(HttpContext context)
    {
        var at = TimeProvider.System.GetUtcNow();
        var destination = _destinations[context.Request.Path.Value!];
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var (status, delay) = Answer(destination.Manners, at);
        if (delay > TimeSpan.Zero)
            await Task.Delay(delay);

        var headers = context.Request.Headers;
        using var lead = JsonDocument.Parse(body.ToArray());
        var key = new EventKey(lead.RootElement.GetProperty("id").GetGuid(), headers["X-Lead-Router-Action"].ToString());
        // A field that the router doesn't know: it must come through as it was.
        if (lead.RootElement.GetProperty("client_reference").GetString() != LoadDriver.Reference(key)
            || headers["X-Lead-Router-Signature"] != Convert.ToHexStringLower(HMACSHA256.HashData(destination.Secret, body.ToArray())))
            Interlocked.Increment(ref _forged);
        _arrivals.Enqueue(new Arrival(
            destination.Id, key, Guid.Parse(headers["X-Lead-Router-Message-Id"].ToString()),
            int.Parse(headers["X-Lead-Router-Attempt"].ToString(), null), status, at, TimeProvider.System.GetUtcNow()));
        if (status == 0)
            context.Abort();
        else
            context.Response.StatusCode = status;
    }

    private (int Status, TimeSpan Delay) Answer(Manners manners, DateTimeOffset now)
    {
        int drawn;
        lock (_random)
            drawn = _random.Next(1000);
        return manners switch
        {
            Manners.Slow when drawn < 100 => (200, TimeSpan.FromMilliseconds(drawn * 20)),
            Manners.Flaky when drawn < 50 => (500, TimeSpan.Zero),
            Manners.Flaky when drawn < 60 => (406, TimeSpan.Zero),
            Manners.OftenAway when now.Second % 20 < 3 => (0, TimeSpan.Zero),
            _ => (200, TimeSpan.Zero),
        };
    }

    private sealed class Destination(Manners manners, byte[] secret)
    {
        public Guid Id { get; set; }

        public Manners Manners => manners;

        public byte[] Secret => secret;
    }
}
