using System.ComponentModel.DataAnnotations;
using Router.Core.Destinations;

namespace Router.Core.Deliveries;

/// <summary>Section <c>Delivery</c>: how hard and how long a delivery is tried.</summary>
public sealed class DeliveryOptions : IValidatableObject
{
    /// <summary>
    /// The delays of the contract: eleven retries over about twenty hours, the first five within three quarters of an hour.
    /// </summary>
    public static readonly IReadOnlyList<TimeSpan> DefaultSchedule =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(1), TimeSpan.FromHours(2), TimeSpan.FromHours(4), TimeSpan.FromHours(4), TimeSpan.FromHours(4),
        TimeSpan.FromHours(4),
    ];

    /// <summary>
    /// The delay before each retry, separated by commas, or as a list (<c>Delivery:RetrySchedule:0</c>, …): 100 at
    /// most, each longer than zero and at most 7 days. Empty: one attempt, then dead. Default
    /// <c>00:00:05,00:00:30,00:02:00,00:10:00,00:30:00,01:00:00,02:00:00,04:00:00,04:00:00,04:00:00,04:00:00</c>.
    /// </summary>
    public TimeSpan[]? RetrySchedule { get; set; }

    /// <summary>
    /// How far a delay may stray, as a share of it, so that retries don't come in waves. Default 0.2.
    /// </summary>
    [Range(0, 0.9)]
    public double RetryJitter { get; set; } = 0.2;

    /// <summary>The longest <c>Retry-After</c> that is obeyed. Default 24 hours.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan MaxRetryAfter { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How long the name look-up, TCP and TLS may take together. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a whole request may take, until the end of its answer. Default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How much of an answer's body is kept for the history, in bytes. Default 16,384.</summary>
    [Range(0, 16384)]
    public int MaxResponseBody { get; set; } = 16384;

    /// <summary>The <c>User-Agent</c> of outgoing requests. Default <c>RealGeeks-LeadRouter/1.0</c>.</summary>
    [Required, RegularExpression("^[\\x21-\\x7e]+( [\\x21-\\x7e]+)*$")]
    public string UserAgent { get; set; } = "RealGeeks-LeadRouter/1.0";

    /// <summary>
    /// The receivers that get the <c>traceparent</c> of a lead that has a trace, separated by commas and written as in
    /// <c>Network:Allow</c> (<c>*.office.test</c>). Default none.
    /// </summary>
    public string TraceParentTo { get; set; } = "";

    /// <summary>
    /// The receivers whose certificates may be weak (RSA of fewer than 2048 bits, signed by SHA-1 or MD5), separated by
    /// commas: host names without ports (<c>old.office.test</c>). Others are refused. Default none.
    /// </summary>
    public string WeakCertificates { get; set; } = "";

    /// <summary>
    /// How long a claimed retry belongs to its worker; if the worker dies, the retry is made anew after that. Longer
    /// than <see cref="RequestTimeout"/>. Default 30 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.2", "1.00:00:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a lead may take to Lead Manager before the log says that it is late. Default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00")]
    public TimeSpan LateAfter { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>The schedule in force.</summary>
    public IReadOnlyList<TimeSpan> Schedule => RetrySchedule ?? DefaultSchedule;

    /// <summary>How long a request may take at most, whatever its destination's own timeout is.</summary>
    public TimeSpan LongestTimeout =>
        RequestTimeout > Destination.LongestTimeout ? RequestTimeout : Destination.LongestTimeout;

    /// <summary>How long a request to it may take.</summary>
    internal TimeSpan TimeoutOf(Destination destination) => destination.Timeout ?? RequestTimeout;

    /// <summary>How long such a request belongs to its worker: for its time, and as much more as any other.</summary>
    internal TimeSpan LeaseOf(Destination destination) =>
        destination.Timeout is { } timeout && timeout > RequestTimeout ? Lease + (timeout - RequestTimeout) : Lease;

    /// <summary>The longest of these, whatever the destination: what is leased for longer waits in the queue.</summary>
    public TimeSpan LongestLease => Lease + (LongestTimeout - RequestTimeout);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Schedule.Any(delay => delay <= TimeSpan.Zero || delay > TimeSpan.FromDays(7)))
            yield return new ValidationResult("Every delay must be longer than zero and at most 7 days.", [nameof(RetrySchedule)]);
        if (Schedule.Count > 100)
            yield return new ValidationResult("At most 100 retries.", [nameof(RetrySchedule)]);

        foreach (var entry in new HostPatterns(TraceParentTo).Wrong)
            yield return new ValidationResult($"Delivery:TraceParentTo: '{entry}' is {HostPatterns.Rule}", [nameof(TraceParentTo)]);
        foreach (var entry in new HostPatterns(WeakCertificates).Wrong)
            yield return new ValidationResult($"Delivery:WeakCertificates: '{entry}' is {HostPatterns.Rule}", [nameof(WeakCertificates)]);

        if (Lease <= RequestTimeout)
            yield return new ValidationResult(
                "Must be longer than RequestTimeout, or a slow request would be made twice.", [nameof(Lease)]);
    }
}
