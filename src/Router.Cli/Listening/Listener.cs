using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Router.Cli.Listening;

/// <summary>A receiver on this machine: verifies what the router sends, passes it on, and tells of it.</summary>
internal sealed class Listener : IAsyncDisposable
{
    private const long LargestBody = 16 * 1024 * 1024;

    private readonly WebApplication _app;
    private readonly IReadOnlyList<string> _secrets;
    private readonly Forwarding? _forwarding;
    private readonly Action<Heard> _tell;
    private readonly ConcurrentDictionary<string, bool> _seen = new(StringComparer.Ordinal);

    private Listener(WebApplication app, IReadOnlyList<string> secrets, Forwarding? forwarding, Action<Heard> tell) =>
        (_app, _secrets, _forwarding, _tell) = (app, secrets, forwarding, tell);

    /// <summary>Where it listens.</summary>
    public Uri Url { get; private set; } = null!;

    /// <param name="address">Of this machine.</param>
    /// <param name="port">0 for any.</param>
    /// <param name="secrets">Each that is good.</param>
    /// <param name="forwarding">Where to; null for nowhere.</param>
    /// <param name="tell">Is called for each request, once it is answered.</param>
    /// <exception cref="IOException">Somebody else listens there.</exception>
    public static async Task<Listener> Start(
        string address, int port, IReadOnlyList<string> secrets, Forwarding? forwarding, Action<Heard> tell)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = LargestBody);
        builder.WebHost.UseUrls($"http://{address}:{port}");
        var listener = new Listener(builder.Build(), secrets, forwarding, tell);
        listener._app.Run(listener.Receive);
        await listener._app.StartAsync();
        listener.Url = new Uri(listener._app.Urls.Single());
        return listener;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private async Task Receive(HttpContext context)
    {
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return;
        }

        using var buffer = new MemoryStream();
        await context.Request.Body.CopyToAsync(buffer, context.RequestAborted);
        var body = buffer.ToArray();
        string? Header(string name) => context.Request.Headers.TryGetValue(name, out var value) ? value.ToString() : null;
        var heard = new Heard(
            Header("X-Lead-Router-Action"), Header("X-Lead-Router-Message-Id"), Header("X-Lead-Router-Attempt"),
            Header("X-Lead-Router-Timestamp"), body, Verdict.Of(Header, body, _secrets, TimeProvider.System.GetUtcNow()));
        heard = heard with
        {
            IsRepetition = heard.Verdict.IsGood && heard.Identity is { } identity && !_seen.TryAdd(identity, true),
        };
        if (!heard.Verdict.IsGood)
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        else if (_forwarding is not null)
            heard = heard with { ForwardProblem = await _forwarding.Pass(context, body) };

        heard = heard with { Status = context.Response.StatusCode };
        await context.Response.CompleteAsync();
        _tell(heard);
    }
}
