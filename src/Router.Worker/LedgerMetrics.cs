using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using Router.Core.Alerts;
using Router.Core.Telemetry;
using Router.Hosting;

namespace Router.Worker;

/// <summary>
/// What lies in Postgres, as this worker saw it at its last look. Nothing in a worker that doesn't look, or can't.
/// </summary>
internal sealed class LedgerMetrics
{
    // More than a look may take.
    private static readonly TimeSpan LeastLease = TimeSpan.FromSeconds(40);

    private readonly Meter _meter;
    private readonly Latest<LedgerFigures> _figures;
    private readonly TimeProvider _time;

    public LedgerMetrics(IMeterFactory meters, IOptions<TelemetryOptions> options, TimeProvider time)
    {
        (_meter, _figures, _time) = (meters.OfRouter(), new Latest<LedgerFigures>(LeaseOf(options.Value), time), time);
        Waiting();
        Others();
        if (options.Value.TopDestinations is > 0 and var most)
            Gauge<long>("lead_router.destination.backlog", figures => Top(figures, most), "{delivery}",
                "Deliveries that wait, of the destinations where most do");
    }

    /// <summary>For how long a worker that looks is the one that does.</summary>
    public static TimeSpan LeaseOf(TelemetryOptions options) =>
        options.LookInterval * 3 > LeastLease ? options.LookInterval * 3 : LeastLease;

    public void Set(LedgerFigures figures) => _figures.Set(figures);

    public void Forget() => _figures.Forget();

    private void Waiting()
    {
        Gauge<long>(
            "lead_router.backlog.deliveries",
            figures =>
            [
                Of(figures.Backlogs.Sum(backlog => backlog.Retrying), "state", "retrying"),
                Of(figures.Backlogs.Sum(backlog => backlog.Held), "state", "held"),
                Of(figures.Dead, "state", "dead"),
            ],
            "{delivery}", "Deliveries that wait or were given up");
        Gauge<double>(
            "lead_router.backlog.age",
            figures =>
            [
                Of(Age(figures.Backlogs.Min(backlog => backlog.RetryingSince)), "state", "retrying"),
                Of(Age(figures.Backlogs.Min(backlog => backlog.HeldSince)), "state", "held"),
            ],
            "s", "Time since the oldest event was accepted that waits for a destination; 0 for none");
        Gauge<long>("lead_router.outbox.events", figures => [new(figures.Outbox)], "{event}", "Accepted events that RabbitMQ hasn't got");
        Gauge<double>(
            "lead_router.outbox.age", figures => [new(Age(figures.OutboxSince))], "s",
            "Time that the oldest event in the outbox has waited; 0 for none");
        Gauge<long>(
            "lead_router.set_aside.messages", figures => [new(figures.SetAside)], "{message}", "Messages that wait for an operator");
        Gauge<long>(
            "lead_router.alerts.unsent", figures => [new(figures.AlertsUnsent)], "{alert}",
            "Alerts by mail and webhook that were tried and could not be sent yet");
        Gauge<long>(
            "lead_router.troubles", figures => figures.Troubles.Select(trouble => Of(trouble.Value, "kind", trouble.Key.Text())),
            "{trouble}", "What needs a person, as on the pages and in alerts");
    }

    private void Others()
    {
        Gauge<long>(
            "lead_router.destinations",
            figures =>
            [
                Of(figures.Destinations.Sending, "state", "sending"),
                Of(figures.Destinations.PausedByRouter, "state", "paused_by_router"),
                Of(figures.Destinations.PausedByPerson, "state", "paused_by_person"),
                Of(figures.Destinations.Off, "state", "off"),
            ],
            "{destination}", "Destinations, by whether they are sent to");
        Gauge<long>(
            "lead_router.ledger.days",
            figures =>
            [
                Of(figures.Days.Days - figures.Days.Ahead, "state", "begun"), Of(figures.Days.Ahead, "state", "ahead"),
            ],
            "{day}", "Days of the ledger, and those made for what comes");
        Gauge<long>(
            "lead_router.ledger.overdue_days", figures => [new(figures.Days.Overdue)], "{day}",
            "Days whose contents or rows are kept for longer than configured");
        Gauge<long>("lead_router.database.size", figures => [new(figures.DatabaseBytes)], "By", "Size of the database");
    }

    private static IEnumerable<Measurement<long>> Top(LedgerFigures figures, int most) => figures.Backlogs
        .OrderByDescending(backlog => backlog.Retrying + backlog.Held).Take(most)
        .Select(backlog => new Measurement<long>(
            backlog.Retrying + backlog.Held,
            new KeyValuePair<string, object?>("destination.id", backlog.DestinationId.ToString("D")),
            new KeyValuePair<string, object?>("site.id", backlog.SiteId.ToString("D"))));

    private void Gauge<T>(string name, Func<LedgerFigures, IEnumerable<Measurement<T>>> values, string unit, string description)
        where T : struct =>
        _meter.CreateObservableGauge(name, () => _figures.TryGet(out var figures) ? values(figures) : [], unit, description);

    private static Measurement<T> Of<T>(T value, string key, string word)
        where T : struct => new(value, new KeyValuePair<string, object?>(key, word));

    private double Age(DateTimeOffset? since) => since is { } begun ? Math.Max(0, (_time.GetUtcNow() - begun).TotalSeconds) : 0;
}
