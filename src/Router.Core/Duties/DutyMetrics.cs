using System.Diagnostics.Metrics;
using Router.Core.Telemetry;

namespace Router.Core.Duties;

/// <summary>How this host's duties go.</summary>
public sealed class DutyMetrics
{
    private readonly HostDuties _duties;
    private readonly TimeProvider _time;

    /// <summary>Makes the instruments.</summary>
    public DutyMetrics(IMeterFactory meters, HostDuties duties, TimeProvider time)
    {
        (_duties, _time) = (duties, time);
        var meter = meters.OfRouter();
        meter.CreateObservableGauge(
            "lead_router.duty.age", () => Each(Age), "s", "Time since periodic work of this host succeeded last, or began");
        meter.CreateObservableUpDownCounter(
            "lead_router.duty.late", () => Each(duty => duty.IsLate ? 1 : 0), "{duty}", "1 for periodic work that is not done, else 0");
    }

    private double Age(Duty duty) => (_time.GetUtcNow() - (duty.SucceededAt ?? duty.BegunAt)).TotalSeconds;

    private IEnumerable<Measurement<T>> Each<T>(Func<Duty, T> value)
        where T : struct =>
        _duties.All.Select(duty => new Measurement<T>(value(duty), new KeyValuePair<string, object?>("duty", duty.Name)));
}
