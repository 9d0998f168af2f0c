using System.ComponentModel.DataAnnotations;

namespace Router.Core.Deliveries;

/// <summary>Section <c>Delivery</c>, isolation: what keeps a slow or dead destination from costing the others anything.</summary>
public sealed class IsolationOptions : IValidatableObject
{
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
    /// already. The request itself goes on up to <see cref="DeliveryOptions.RequestTimeout"/>. Default 1 s.
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

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        new HostLimits(HostLimits, MaxInFlightAtHost).Wrong.Select(entry => new ValidationResult(
            $"Delivery:HostLimits: '{entry}' is no host with a number of requests, such as hooks.example.com=1000.",
            [nameof(HostLimits)]));
}
