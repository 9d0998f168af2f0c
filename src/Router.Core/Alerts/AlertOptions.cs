using System.ComponentModel.DataAnnotations;
using Router.Core.Destinations;

namespace Router.Core.Alerts;

/// <summary>Section <c>Alerts</c>: when people are told that something needs them. Both hosts read it.</summary>
public sealed class AlertOptions : IValidatableObject
{
    /// <summary>
    /// Where people open the pages, such as <c>https://leads.example.com</c>: links in mails and webhooks begin with it, and passkeys
    /// belong to its host name: without it there are none. Required with <c>Smtp:Host</c> and with <c>Alerts:WebhookUrl</c>. Default none.
    /// </summary>
    public Uri? PagesUrl { get; set; }

    /// <summary>Where operators' alerts are posted to, signed as Standard Webhooks. Default none.</summary>
    public Uri? WebhookUrl { get; set; }

    /// <summary>
    /// The webhook's secret: <c>whsec_</c> and base64 of 24 to 64 bytes. Required with <c>Alerts:WebhookUrl</c>. Default none.
    /// </summary>
    public string WebhookSecret { get; set; } = "";

    /// <summary>
    /// A destination that fails is told of once so many deliveries wait for it, or after <see cref="AfterTime"/>; whichever comes first.
    /// Default 5. For a Lead Manager <c>Delivery:LateAfter</c> counts instead, whatever waits.
    /// </summary>
    [Range(1, 100_000)]
    public int AfterLeads { get; set; } = 5;

    /// <summary>A destination that fails is told of after this time, however few wait for it. Default 10 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00")]
    public TimeSpan AfterTime { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// A product is told of once so many of its requests were refused for their contents within an hour or two. Default 10.
    /// </summary>
    [Range(1, 100_000)]
    public int AfterRefused { get; set; } = 10;

    /// <summary>
    /// What was not so for this time is over. Default 2 minutes: one lead that gets through between failures is no recovery.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "01:00:00")]
    public TimeSpan ClearAfter { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How often the workers look. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How often they look for sites without leads, and for destinations that refuse everything: both read many rows. Default 10 minutes.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00")]
    public TimeSpan SlowInterval { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long after a mail its reader gets the next one; what happens meanwhile is in it. Default 10 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00")]
    public TimeSpan BetweenMails { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How long a worker has to send what it took; after that another one may send it. A worker that is killed between sending and saying
    /// so makes a second mail. Default 3 minutes; at least three times <c>Smtp:Timeout</c>.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>How long after a failure an alert is sent again; doubled each time, up to 15 min. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:15:00")]
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (PagesUrl is not null && !IsHttp(PagesUrl))
            yield return new ValidationResult("Alerts:PagesUrl must begin with https:// or http://.", [nameof(PagesUrl)]);
        if (WebhookUrl is not null && !IsHttp(WebhookUrl))
            yield return new ValidationResult("Alerts:WebhookUrl must begin with https:// or http://.", [nameof(WebhookUrl)]);
        if ((WebhookUrl is not null || WebhookSecret.Length > 0) && !Destinations.WebhookSecret.TryDecode(WebhookSecret, out _))
            yield return new ValidationResult(
                "Alerts:WebhookSecret must be 'whsec_' and base64 of 24 to 64 bytes when Alerts:WebhookUrl is set.",
                [nameof(WebhookSecret)]);
        if (WebhookUrl is not null && PagesUrl is null)
            yield return new ValidationResult(
                "Alerts:PagesUrl must be set when Alerts:WebhookUrl is: alerts link to the pages.", [nameof(PagesUrl)]);
    }

    private static bool IsHttp(Uri url) => url.IsAbsoluteUri && url.Scheme is "https" or "http";
}
