using Router.Benchmarks.Driving;
using Router.Benchmarks.Measuring;
using Router.Benchmarks.Receiving;

namespace Router.Benchmarks.Systems;

/// <summary>How leads are sent: at a rate whatever comes back, or in a closed loop, each connection as fast as it is answered.</summary>
internal sealed record Load
{
    public int Connections { get; init; } = 256;

    /// <summary>Leads a second; 0 for a closed loop.</summary>
    public double Rate { get; init; }

    public required double Seconds { get; init; }

    /// <summary>0 for no limit.</summary>
    public long Most { get; init; }
}

/// <summary>Leads that were sent, and what had arrived when the last was answered.</summary>
internal sealed record Sent(int Run, DriveResult Result, Arrivals AtEnd, IReadOnlyDictionary<string, double> CostsBefore);

/// <summary>A run whose leads have arrived, at the ports that count.</summary>
internal sealed record Measured(Sent Sent, IReadOnlyList<PortArrivals> Ports, IReadOnlyDictionary<string, double> CpuSeconds)
{
    /// <summary>All processes of the machine that aren't ours: where they use much, the figures aren't the router's.</summary>
    public const string Others = "others";

    private readonly Histogram _latency = Histogram.Sum(Ports.Select(port => port.Latency!));

    public long Delivered => Ports.Sum(port => port.Distinct);

    public long Duplicates => Ports.Sum(port => port.Duplicates);

    /// <summary>Accepted and not arrived.</summary>
    public long Missing => (Sent.Result.Accepted * Ports.Count) - Delivered;

    public double AcceptedPerSecond => Sent.Result.Accepted / Sent.Result.Seconds;

    /// <summary>End to end: everything, from when the first lead was sent to when the last delivery arrived.</summary>
    public double DeliveredPerSecond => Delivered / SecondsToLast;

    public double SecondsToLast => (Ports.Max(port => port.Last) - Sent.Result.Started) / 1e9;

    /// <summary>Only what arrived while leads were still sent.</summary>
    public double DeliveredPerSecondWhileSending =>
        Sent.AtEnd.Ports.Where(port => Ports.Any(mine => mine.Port == port.Port))
            .Sum(port => port.Distinct) / ((Sent.AtEnd.Now - Sent.Result.Started) / 1e9);

    /// <summary>Of one core, meanwhile.</summary>
    public double OthersShare => Math.Max(0, CpuSeconds[Others] / SecondsToLast);

    /// <summary>How late the driver itself was, in ms.</summary>
    public double Lateness(double share) => Sent.Result.Lateness.Percentile(share, Sent.Result.Sent);

    /// <summary>Due to 201, in ms; what was not accepted is infinitely late.</summary>
    public double Accept(double share) => Sent.Result.Latency.Percentile(share, Sent.Result.Sent);

    /// <summary>Due to arrival at each destination, in ms; what never arrived is infinitely late.</summary>
    public double Arrival(double share) => _latency.Percentile(share, Sent.Result.Sent * Ports.Count);
}
