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

    /// <summary>
    /// How long a due retry may wait in the queue before it is queued once more, in case the queue lost it. Default 5
    /// minutes.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan QueueLease { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How often each worker looks for due retries. Default 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:05:00")]
    public TimeSpan DueInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// Retries of one destination that wait in the queue at a time; the others wait in Postgres. Default 64.
    /// </summary>
    [Range(1, 10_000)]
    public int MaxQueuedRetries { get; set; } = 64;

    /// <summary>
    /// Retries of one site, all of its destinations together, that wait in the queue at a time: those of other sites wait
    /// behind no more than these. Default 128.
    /// </summary>
    [Range(1, 10_000)]
    public int MaxQueuedRetriesOfSite { get; set; } = 128;

    /// <summary>
    /// Requests in flight at one destination, from each worker, unless the destination has a limit of its own
    /// (<c>max_in_flight</c>). Beside fresh leads, retries, replays and a backlog get a quarter of them (one at
    /// least), otherwise all but one. Default 32.
    /// </summary>
    [Range(1, 10_000)]
    public int MaxInFlight { get; set; } = 32;

    /// <summary>The same at a Lead Manager. Default 256.</summary>
    [Range(1, 10_000)]
    public int LeadManagerMaxInFlight { get; set; } = 256;

    /// <summary>
    /// Requests in flight at one host, from each worker, to all destinations of all sites whose owners have entered its
    /// URL themselves; Lead Managers and services of the catalogue are not counted. Default 256.
    /// </summary>
    [Range(1, 100_000)]
    public int MaxInFlightAtHost { get; set; } = 256;

    /// <summary>
    /// Hosts where it is more or less than <see cref="MaxInFlightAtHost"/>, separated by commas, the host written as in
    /// <c>Network:Allow</c>: <c>hooks.example.com=1000, *.small.test=4</c>. The first that fits counts. Default none.
    /// </summary>
    public string HostLimits { get; set; } = "";

    /// <summary>
    /// How long a lane waits for an answer before it goes on to the next lead; less when many of its leads wait
    /// already. The request itself goes on up to <see cref="RequestTimeout"/>. Default 1 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:10:00")]
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Requests that may take longer than <see cref="Patience"/> at a time, over all destinations of a worker; beyond
    /// them, deliveries to slow destinations are deferred. One site gets a quarter of them at most. Default 1,000.
    /// </summary>
    [Range(1, 100_000)]
    public int MaxSlow { get; set; } = 1000;

    /// <summary>
    /// When a delivery that found no room at its destination is looked at again; five times as long where requests
    /// are slow, and not before an open breaker lets one through. Default 1 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "01:00:00")]
    public TimeSpan DeferDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A destination's breaker opens when, of at least this many requests within 30 s, nine in ten got no answer.
    /// Default 20.
    /// </summary>
    [Range(2, 10_000)]
    public int BreakerThroughput { get; set; } = 20;

    /// <summary>How long an open breaker lets nothing through before it tries one request. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.5", "01:00:00")]
    public TimeSpan BreakerPause { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Failures in a row after which a destination is paused, if they last for <see cref="PauseAfter"/>. Default 50.
    /// </summary>
    [Range(1, 1_000_000)]
    public int PauseFailures { get; set; } = 50;

    /// <summary>How long a destination must have failed before it is paused. Default 10 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "7.00:00:00")]
    public TimeSpan PauseAfter { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// When a paused destination is probed first; the time until the next probe doubles each time. Default 30 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00")]
    public TimeSpan ProbeInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest time between two probes. Default 5 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00")]
    public TimeSpan MaxProbeInterval { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How often each worker pauses, probes and resumes destinations and sends what was held. Default 1 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:05:00")]
    public TimeSpan PauseTick { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Deliveries that a replay sends in one step. Default 500.</summary>
    [Range(1, 100_000)]
    public int ReplayStep { get; set; } = 500;

    /// <summary>The time between two steps of a replay. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:05:00")]
    public TimeSpan ReplayTick { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a lead may take to Lead Manager before the log says that it is late. Default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00")]
    public TimeSpan LateAfter { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Leads that a worker has in hand at a time: prefetch and concurrency of <c>lead-events</c>. Default 256.
    /// </summary>
    [Range(1, 10_000)]
    public int Concurrency { get; set; } = 256;

    /// <summary>
    /// Beside fresh leads, how many leads of a backlog a worker works on at a time, and how many retries; without
    /// fresh leads <see cref="Concurrency"/> and <see cref="RetryConcurrency"/> count. Default 16.
    /// </summary>
    [Range(1, 10_000)]
    public int BacklogConcurrency { get; set; } = 16;

    /// <summary>Retries that a worker has in hand at a time. Default 64.</summary>
    [Range(1, 10_000)]
    public int RetryConcurrency { get; set; } = 64;

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

        foreach (var entry in new HostLimits(HostLimits, MaxInFlightAtHost).Wrong)
            yield return new ValidationResult(
                $"Delivery:HostLimits: '{entry}' is no host with a number of requests, such as hooks.example.com=1000.",
                [nameof(HostLimits)]);

        foreach (var entry in new HostPatterns(WeakCertificates).Wrong)
            yield return new ValidationResult($"Delivery:WeakCertificates: '{entry}' is {HostPatterns.Rule}", [nameof(WeakCertificates)]);

        if (Lease <= RequestTimeout)
            yield return new ValidationResult(
                "Must be longer than RequestTimeout, or a slow request would be made twice.", [nameof(Lease)]);
    }
}
