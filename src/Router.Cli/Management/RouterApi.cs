using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Router.Cli.Management;

/// <summary>The management API (docs/api.md), as JSON.</summary>
internal sealed class RouterApi : IDisposable
{
    private const int PageSize = 500;
    private const int MostTries = 5;

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http;

    public RouterApi(Uri address, string token)
    {
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, MaxConnectionsPerServer = 16 })
        {
            BaseAddress = new Uri(address, "api/"),
            Timeout = TimeSpan.FromSeconds(100),
        };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("lead-router-cli");
    }

    /// <param name="path">Behind <c>/api/</c>.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="RefusedException">The router refuses.</exception>
    /// <exception cref="UnreachableException">It can't be reached.</exception>
    public async Task<JsonObject> Get(string path, CancellationToken cancellationToken) =>
        await Send(HttpMethod.Get, path, body: null, cancellationToken) as JsonObject ?? [];

    /// <summary>The same; null where there is no such thing.</summary>
    public async Task<JsonObject?> Find(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await Get(path, cancellationToken);
        }
        catch (RefusedException missing) when (missing.Status is HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>A list, page by page as it is read.</summary>
    /// <param name="path">Behind <c>/api/</c>.</param>
    /// <param name="query">With its question mark; may be empty.</param>
    /// <param name="most">How many at most; 0 for all.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    public async IAsyncEnumerable<JsonObject> List(
        string path, string query = "", int most = 0, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string? cursor = null;
        var left = most == 0 ? int.MaxValue : most;
        do
        {
            var separator = query.Length == 0 ? '?' : '&';
            var from = cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}";
            var page = await Get($"{path}{query}{separator}limit={Math.Min(left, PageSize)}{from}", cancellationToken);
            foreach (var item in page["items"]!.AsArray())
            {
                yield return item!.AsObject();
                left--;
            }

            cursor = page["next"]?.GetValue<string>();
        }
        while (cursor is not null && left > 0);
    }

    /// <summary>Any request; what was answered, null for nothing.</summary>
    /// <exception cref="RefusedException">The router refuses.</exception>
    /// <exception cref="UnreachableException">It can't be reached.</exception>
    public async Task<JsonNode?> Send(HttpMethod method, string path, JsonNode? body, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
            HttpResponseMessage response;
            try
            {
                response = await _http.SendAsync(request, cancellationToken);
            }
            catch (Exception away) when (away is HttpRequestException || IsTimeout(away, cancellationToken))
            {
                throw new UnreachableException(
                    $"The router at {_http.BaseAddress!.GetLeftPart(UriPartial.Authority)} can't be reached: "
                    + $"{(away as HttpRequestException)?.Message ?? "it took too long to answer."} Check --url or ROUTER_URL.");
            }

            using (response)
            {
                // Nothing was done: it asks for patience, or is just starting.
                if (response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable && tries < MostTries)
                {
                    var wait = response.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(tries);
                    await Task.Delay(wait < LongestWait ? wait : LongestWait, cancellationToken);
                    continue;
                }

                var answer = await Read(response, cancellationToken);
                return response.IsSuccessStatusCode ? answer : throw Refusal(response, answer);
            }
        }
    }

    public void Dispose() => _http.Dispose();

    private static async Task<JsonNode?> Read(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var bytes = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        try
        {
            return bytes.Length == 0 ? null : JsonNode.Parse(bytes);
        }
        catch (JsonException)
        {
            // A refusal speaks by its status, too.
            if (!response.IsSuccessStatusCode)
                return null;
            throw new UnreachableException("What answers there is no lead router: it sends no JSON. Check --url or ROUTER_URL.");
        }
    }

    private static RefusedException Refusal(HttpResponseMessage response, JsonNode? answer)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        if (answer is JsonObject { } problem && problem["errors"] is JsonObject errors)
        {
            foreach (var (field, sentences) in errors)
                fields[field] = sentences is JsonArray { Count: > 0 } all ? all[0]!.ToString() : "";
        }

        var detail = (answer as JsonObject)?["detail"]?.ToString() ?? (answer as JsonObject)?["title"]?.ToString();
        var sentence = fields.Count > 1 ? string.Join(' ', fields.Values) : detail;
        return new RefusedException(response.StatusCode, response.StatusCode switch
        {
            HttpStatusCode.Unauthorized => "The router doesn't know this token: it is mistyped, revoked, or of another router.",
            _ when (int)response.StatusCode is >= 300 and < 400 =>
                $"The router's address redirects to {response.Headers.Location}: use that as --url or ROUTER_URL.",
            HttpStatusCode.Forbidden => sentence ?? "This account may not do that: it takes an operator's token.",
            _ => sentence ?? $"The router answered {(int)response.StatusCode}.",
        }, fields);
    }

    private static bool IsTimeout(Exception failed, CancellationToken asked) =>
        failed is OperationCanceledException && !asked.IsCancellationRequested;
}
