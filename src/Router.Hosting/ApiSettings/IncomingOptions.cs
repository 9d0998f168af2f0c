using System.ComponentModel.DataAnnotations;

namespace Router.Hosting.ApiSettings;

/// <summary>Section <c>Incoming</c>: how the API takes in leads.</summary>
internal sealed class IncomingOptions
{
    /// <summary>
    /// How long to wait for RabbitMQ's confirm before the event goes to the outbox. Default 500 ms: senders give up
    /// after 2 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan ConfirmTimeout { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a request's body may take to arrive; then the answer is 408. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan BodyTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a request's headers may take to arrive; then the connection is closed. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan HeadersTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The largest event, in bytes, as it is published: the body and what the router adds to it. A larger one is
    /// answered with 413. Default 2,097,152 (2 MiB).
    /// </summary>
    [Range(64 * 1024, 15 * 1024 * 1024)]
    public int MaxEventBytes { get; set; } = 2 * 1024 * 1024;

    /// <summary>
    /// Events that an API host stores at the same time. Of those beyond, four times as many wait, and the latest goes first:
    /// its sender still waits, too. The rest is answered with 503 at once. Default 256: far more than are under way where
    /// all is well.
    /// </summary>
    [Range(1, 100_000)]
    public int Concurrency { get; set; } = 256;

    /// <summary>
    /// Requests a second that each product may make over time; beyond this and the burst the answer is 429. Default
    /// 10,000: more than one API host can take.
    /// </summary>
    [Range(1, 1_000_000)]
    public int RatePerSecond { get; set; } = 10_000;

    /// <summary>Requests that a product may make at once before the rate counts. Default 20,000.</summary>
    [Range(1, 10_000_000)]
    public int Burst { get; set; } = 20_000;
}
