using System.ComponentModel.DataAnnotations;

namespace Router.Api.Incoming;

/// <summary>Section <c>Incoming</c>.</summary>
internal sealed class IncomingOptions
{
    /// <summary>How long to wait for the broker's confirm before the event goes to the outbox. Default 500 ms: senders give up after 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan ConfirmTimeout { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a body may take to arrive before answering 408. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan BodyTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the headers of a request may take to arrive before the connection is closed. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan HeadersTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The largest event in bytes, as it is published: the body with what we add to it. Default 2 MiB, a larger one answers 413. RabbitMQ takes 16 MiB
    /// at most from version 4 on.
    /// </summary>
    [Range(64 * 1024, 15 * 1024 * 1024)]
    public int MaxEventBytes { get; set; } = 2 * 1024 * 1024;

    /// <summary>Requests that each product may make a second, over time. Default 10,000, more than one API host takes; beyond it and the burst: 429.</summary>
    [Range(1, 1_000_000)]
    public int RatePerSecond { get; set; } = 10_000;

    /// <summary>Requests that a product may make at once before the rate counts. Default 20,000.</summary>
    [Range(1, 10_000_000)]
    public int Burst { get; set; } = 20_000;
}
