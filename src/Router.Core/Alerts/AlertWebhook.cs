using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;
using Router.Core.Destinations;

namespace Router.Core.Alerts;

/// <summary>Posts an alert to the operators' URL, signed as Standard Webhooks.</summary>
public sealed class AlertWebhook(HttpClient http, IOptions<AlertOptions> options, TimeProvider time)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private readonly byte[] _key = WebhookSecret.TryDecode(options.Value.WebhookSecret, out var key) ? key : [];

    /// <summary>Whether there is a URL to post to.</summary>
    public bool IsSet => options.Value.WebhookUrl is not null;

    /// <summary>Returns when it was answered with 2xx. Sent again it has the same <c>webhook-id</c>.</summary>
    /// <exception cref="HttpRequestException">It wasn't, or there was no answer.</exception>
    /// <exception cref="TaskCanceledException">There was none in time.</exception>
    public async Task Post(Alert alert, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(alert);
        var body = Body(alert, options.Value.PagesUrl!, time.GetUtcNow());
        var seconds = time.GetUtcNow().ToUnixTimeSeconds();
        using var request = new HttpRequestMessage(HttpMethod.Post, options.Value.WebhookUrl);
        request.Content = new ByteArrayContent(body);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("webhook-id", alert.Id.ToString("D"));
        request.Headers.Add("webhook-timestamp", seconds.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("webhook-signature", Signature.StandardWebhooks(_key, alert.Id, seconds, body));
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
    }

    private static byte[] Body(Alert alert, Uri pages, DateTimeOffset now)
    {
        var trouble = alert.Trouble;
        return JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                Type = alert.IsCleared ? "trouble.cleared" : "trouble.raised",
                Timestamp = now,
                Data = new
                {
                    trouble.Id, Kind = trouble.Kind.Text(), trouble.SiteId, trouble.SiteName, trouble.DestinationId,
                    trouble.DestinationName, trouble.Product, trouble.Since, trouble.EndedAt, trouble.Count,
                    Summary = AlertText.Headline(alert, now), trouble.Detail, Url = AlertText.Link(trouble, pages),
                },
            }, Json);
    }
}
