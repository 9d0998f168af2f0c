using Microsoft.AspNetCore.Http;

namespace Router.Cli.Listening;

/// <summary>Passes a verified request on, byte for byte, and the answer back.</summary>
internal sealed class Forwarding(Uri url) : IDisposable
{
    private static readonly string[] OfTheConnection =
        ["Host", "Connection", "Keep-Alive", "Transfer-Encoding", "Content-Length", "Upgrade", "TE", "Expect", "Accept-Encoding"];

    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false })
    {
        // The router waits for no longer.
        Timeout = TimeSpan.FromSeconds(15),
    };

    /// <summary>Why it couldn't; null when the answer is there.</summary>
    public async Task<string?> Pass(HttpContext context, byte[] body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
        foreach (var (name, values) in context.Request.Headers)
        {
            if (OfTheConnection.Contains(name, StringComparer.OrdinalIgnoreCase))
                continue;
            if (!request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
                request.Content.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        }

        try
        {
            using var answer = await _http.SendAsync(request, context.RequestAborted);
            context.Response.StatusCode = (int)answer.StatusCode;
            if (answer.Content.Headers.ContentType is { } type)
                context.Response.ContentType = type.ToString();
            await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
            return null;
        }
        catch (Exception failed) when (failed is HttpRequestException or OperationCanceledException)
        {
            // As a proxy says it; the router tries again.
            context.Response.StatusCode = StatusCodes.Status502BadGateway;
            return failed is HttpRequestException ? failed.Message : "no answer within 15 seconds";
        }
    }

    public void Dispose() => _http.Dispose();
}
